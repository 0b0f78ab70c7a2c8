static inline void hnn_mul(uint64_t a, uint64_t b, uint64_t *h, uint64_t *l) {
    uint64_t a1 = a >> 32, a0 = a & 0xffffffffu, b1 = b >> 32, b0 = b & 0xffffffffu;
    uint64_t mid = a1 * b0 + (a0 * b0 >> 32), low = a0 * b1 + (mid & 0xffffffffu);
    *h = a1 * b1 + (mid >> 32) + (low >> 32);
    *l = low << 32 | (a0 * b0 & 0xffffffffu);
}

/* The first 1280 bits of 2/pi, after a word of zeros. */
static const uint64_t hnn_two_over_pi[21] = {0,
    0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u, 0xdb6295993c439041u, 0xfe5163abdebbc561u, 0xb7246e3a424dd2e0u,
    0x06492eea09d1921cu, 0xfe1deb1cb129a73eu, 0xe88235f52ebb4484u, 0xe99c7026b45f7e41u, 0x3991d639835339f4u,
    0x9c845f8bbdf9283bu, 0x1ff897ffde05980fu, 0xef2f118b5a0a6d1fu, 0x6d367ecf27cb09b7u, 0x4f463f669e5fea2du,
    0x7527bac7ebe5f17bu, 0x3d0739f78a5292eau, 0x6bfb5fb11f8d5d08u, 0x56033046fc7b6babu, 0xf0cfbc209af4361du};

/* x = n pi/2 + r + rl, for large x */
static uint64_t hnn_reduce_large(double x, double *pr, double *prl) {
    uint64_t u = hnn_bits(x), m = (u & 0xfffffffffffffu) | 0x10000000000000u;
    int e = (int)(u >> 52 & 0x7ff) - 1075;
    unsigned i = (unsigned)(e + 62) / 64, s = (unsigned)(e + 62) % 64;
    uint64_t w2 = hnn_two_over_pi[i] << s | (s ? hnn_two_over_pi[i + 1] >> (64 - s) : 0);
    uint64_t w1 = hnn_two_over_pi[i + 1] << s | (s ? hnn_two_over_pi[i + 2] >> (64 - s) : 0);
    uint64_t w0 = hnn_two_over_pi[i + 2] << s | (s ? hnn_two_over_pi[i + 3] >> (64 - s) : 0);
    uint64_t h0, p0, h1, p1, p2, n, f1, f0;
    hnn_mul(m, w0, &h0, &p0);
    hnn_mul(m, w1, &h1, &p1);
    p1 += h0;
    p2 = m * w2 + h1 + (p1 < h0);
    n = p2 >> 62;
    f1 = p2 << 2 | p1 >> 62;
    f0 = p1 << 2 | p0 >> 62;
    int neg = (int)(f1 >> 63), z = 0, lead = 0;
    if (neg) {
        n++;
        f0 = 0 - f0;
        f1 = 0 - f1 - (f0 != 0);
    }
    if (!f1) f1 = f0, f0 = 0, z = 64;
    while (lead < 64 && !(f1 >> (63 - lead))) lead++;
    z += lead;
    if (lead < 64) {
        f1 = f1 << lead | (lead ? f0 >> (64 - lead) : 0);
        f0 <<= lead;
    }
    double fh = (double)(f1 >> 11) * 0x1p-53;
    double fl = (double)((f1 << 53 | f0 >> 11) >> 11) * 0x1p-106;
    double h = fh * 0x1.921fb54442d18p+0;
    double l = HNN_FMA(fh, 0x1.921fb54442d18p+0, -h) + HNN_FMA(fh, 0x1.1a62633145c07p-54, fl * 0x1.921fb54442d18p+0);
    double scale = hnn_real((uint64_t)(1023 - z) << 52);
    double r = h + l;
    double rl = ((h - r) + l) * scale;
    r = r * scale;
    if (neg != (x < 0.0)) r = -r, rl = -rl;
    if (x < 0.0) n = 0 - n;
    *pr = r;
    *prl = rl;
    return n;
}

static uint64_t hnn_reduce_pi(double x, double *pr, double *prl) {
    if (!(hnn_abs(x) <= 0x1p28)) return hnn_reduce_large(x, pr, prl);
    double t = HNN_FMA(x, 0x1.45f306dc9c883p-1, 0x1.8p52);
    double k = t - 0x1.8p52;
    double a = HNN_FMA(-k, 0x1.921fb54442d18p+0, x);
    double h = k * 0x1.1a62633145c07p-54;
    double hl = HNN_FMA(k, 0x1.1a62633145c07p-54, -h);
    double r = a - h;
    double b = r - a;
    double rl = (a - (r - b)) - (h + b);
    *pr = r;
    *prl = HNN_FMA(-k, -0x1.f1976b7ed8fbcp-110, rl - hl);
    return hnn_bits(t);
}

/* sin(r + rl + n pi/2) */
static double hnn_sin_cos(uint64_t n, double r, double rl) {
    double z = r * r;
    double z2 = z * z;
    double y;
    if (!(n & 1)) {
        double a = HNN_FMA(z, 0x1.111111110f8a4p-7, -0x1.5555555555549p-3);
        double b = HNN_FMA(z, 0x1.71de357aab93cp-19, -0x1.a01a019c15b36p-13);
        double c = HNN_FMA(z, 0x1.5d938377a2a56p-33, -0x1.ae5e6838d81dfp-26);
        a = HNN_FMA(z2, HNN_FMA(z2, c, b), a);
        y = r + HNN_FMA(z * r, a, HNN_FMA(-0.5 * z, rl, rl));
    } else {
        double a = HNN_FMA(z, -0x1.6c16c16c1521dp-10, 0x1.555555555554cp-5);
        double b = HNN_FMA(z, -0x1.27e4f8126505cp-22, 0x1.a01a019cbf0d3p-16);
        double c = HNN_FMA(z, -0x1.8fb109e090c98p-37, 0x1.1ee9f1104d334p-29);
        a = HNN_FMA(z2, HNN_FMA(z2, c, b), a);
        double zl = HNN_FMA(r, r, -z);
        double h = 0.5 * z;
        double w = 1.0 - h;
        y = w + (((1.0 - w) - h) + HNN_FMA(z2, a, HNN_FMA(-0.5, zl, -r * rl)));
    }
    return hnn_real(hnn_bits(y) ^ (n & 2) << 62);
}

static double hnn_sin(double x) {
    double r, rl;
    if (x == 0.0) return x;
    if (x - x != 0.0) return hnn_real(0x7ff8000000000000u);
    uint64_t n = hnn_reduce_pi(x, &r, &rl);
    return hnn_sin_cos(n, r, rl);
}

static double hnn_cos(double x) {
    double r, rl;
    if (x - x != 0.0) return hnn_real(0x7ff8000000000000u);
    uint64_t n = hnn_reduce_pi(x, &r, &rl);
    return hnn_sin_cos(n + 1, r, rl);
}
