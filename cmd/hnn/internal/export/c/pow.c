static inline double hnn_add_small(double a, double b, double *l) {
    double h = a + b;
    *l = (a - h) + b;
    return h;
}

static inline double hnn_mul2(double a, double al, double b, double bl, double *l) {
    double h = a * b;
    *l = HNN_FMA(a, b, -h) + HNN_FMA(a, bl, al * b);
    return h;
}

/* log x = h + l to about 2^-67 of its value */
static double hnn_log_double(double x, double *pl) {
    double m, ul, vl, e1, e2;
    double n = (double)hnn_log_split(x, &m);
    double f = m - 1.0;
    double d = 2.0 + f;
    double dl = f - (d - 2.0);
    double s = f / d;
    double sl = HNN_FMA(-s, dl, HNN_FMA(-s, d, f)) / d;
    double z = s * s;
    double zl = HNN_FMA(2.0 * s, sl, HNN_FMA(s, s, -z));
    double q = HNN_FMA(z, 0x1.e7ec98ea43922p-4, 0x1.de9d15a1ca284p-4);
    q = HNN_FMA(z, q, 0x1.111dd6b7db611p-3);
    q = HNN_FMA(z, q, 0x1.3b137802fc0fep-3);
    q = HNN_FMA(z, q, 0x1.745d17d7ff29ep-3);
    q = HNN_FMA(z, q, 0x1.c71c71c659126p-3);
    q = HNN_FMA(z, q, 0x1.24924924927d2p-2);
    q = q * z;
    double u = hnn_add_small(0x1.999999999999ap-2, q, &ul);
    ul -= 0x1.999999999999ap-56;
    u = hnn_mul2(z, zl, u, ul, &ul);
    double v = hnn_add_small(0x1.5555555555555p-1, u, &vl);
    vl += ul + 0x1.5555555555555p-55;
    v = hnn_mul2(z, zl, v, vl, &vl);
    v = hnn_mul2(s, sl, v, vl, &vl);
    double h = hnn_add_small(n * 0x1.62e42fee00000p-1, 2.0 * s, &e1);
    h = hnn_add_small(h, v, &e2);
    return hnn_add_small(h, (e1 + e2) + (HNN_FMA(2.0, sl, vl) + n * 0x1.a39ef35793c76p-33), pl);
}

static double hnn_pow(double x, double c) {
    double l, z;
    const double inf = hnn_real(0x7ff0000000000000u), nan = hnn_real(0x7ff8000000000000u);
    if (c == 0.0 || x == 1.0) return 1.0;
    if (c == 1.0) return x;
    if (x != x || c != c) return nan;
    if (c == 2.0) return x * x;
    double a = hnn_abs(x), e = hnn_abs(c);
    int whole = 1, odd = 0;
    if (e < 0x1p53) {
        int64_t i = (int64_t)e;
        whole = (double)i == e;
        odd = whole && (i & 1);
    }
    if (a == 0.0 || a == inf) {
        z = (a == 0.0) != (c < 0.0) ? 0.0 : inf;
    } else if (e == inf) {
        return a == 1.0 ? 1.0 : (a > 1.0) == (c > 0.0) ? inf : 0.0;
    } else if (x < 0.0 && !whole) {
        return nan;
    } else if (c == -1.0) {
        return 1.0 / x;
    } else {
        double h = hnn_log_double(a, &l);
        double p = c * h;
        z = p > 800.0 || p < -800.0 ? hnn_exp_sum(p, 0.0) : hnn_exp_sum(p, HNN_FMA(c, l, HNN_FMA(c, h, -p)));
    }
    return odd && hnn_bits(x) >> 63 ? -z : z;
}
