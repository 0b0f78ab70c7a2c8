/* k ln 2 + log(1 + f + fl) = h + l */
static void hnn_log_parts(double k, double f, double fl, double *ph, double *pl) {
    double s = f / (2.0 + f);
    double z = s * s;
    double z2 = z * z;
    double a = HNN_FMA(z, 0x1.999999997f9f5p-2, 0x1.5555555555593p-1);
    double b = HNN_FMA(z, 0x1.c71c51d78c631p-3, 0x1.249249422a87dp-2);
    double c = HNN_FMA(z, 0x1.39a093db9db5bp-3, 0x1.746649bf0d4ddp-3);
    c = HNN_FMA(z2, 0x1.2f1191415c03ap-3, c);
    a = HNN_FMA(z2, HNN_FMA(z2, c, b), a);
    double hf = 0.5 * f;
    double q = hf * f;
    double ql = HNN_FMA(hf, f, -q);
    double t = f - q;
    double tl = (f - t) - q;
    double n = k * 0x1.62e42fee00000p-1;
    double h = n + t;
    double l = (n - h) + t;
    double tail = HNN_FMA(s, HNN_FMA(z, a, q), HNN_FMA(k, 0x1.a39ef35793c76p-33, HNN_FMA(-f, fl, fl)));
    *ph = h;
    *pl = l + ((tl - ql) + tail);
}

/* x = 2^k m with sqrt 1/2 <= m < sqrt 2 */
static int64_t hnn_log_split(double x, double *m) {
    const uint64_t half = 0x3fe6a09e667f3bcdu;
    int64_t k = 0;
    if (x < 0x1p-1022) x *= 0x1p52, k = -52;
    uint64_t d = hnn_bits(x) - half;
    *m = hnn_real((d & 0xfffffffffffffu) + half);
    return k + (int64_t)(d >> 52 & 0xfff) - (d >> 63 ? 4096 : 0);
}

static double hnn_log(double x) {
    double h, l, m;
    if (!(x >= 0x1p-1022 && x <= 0x1.fffffffffffffp1023)) {
        if (x == 0.0) return hnn_real(0xfff0000000000000u);
        if (x > 0x1.fffffffffffffp1023 || x != x) return x;
        if (x < 0.0) return hnn_real(0x7ff8000000000000u);
    }
    int64_t k = hnn_log_split(x, &m);
    hnn_log_parts((double)k, m - 1.0, 0.0, &h, &l);
    return h + l;
}
