/* The exponential function, in two parts: x = k ln 2 + r, and a polynomial in r. */
static inline int64_t hnn_reduce_exp(double x, double *rh, double *rl) {
    const double magic = 0x1.8p52;
    double t = HNN_FMA(x, 0x1.71547652b82fep+0, magic);
    double n = t - magic;
    *rh = HNN_FMA(-n, 0x1.62e42fee00000p-1, x);
    *rl = n * 0x1.a39ef35793c76p-33;
    return (int64_t)(hnn_bits(t) - hnn_bits(magic));
}

static inline double hnn_exp_rest(double rh, double rl) {
    double r = rh - rl;
    double e = (rh - r) - rl;
    double r2 = r * r;
    double r4 = r2 * r2;
    double p01 = HNN_FMA(r, 0x1.5555555555559p-3, 0.5);
    double p23 = HNN_FMA(r, 0x1.111111110f648p-7, 0x1.5555555555557p-5);
    double p45 = HNN_FMA(r, 0x1.a01a01b00b662p-13, 0x1.6c16c16c156d8p-10);
    double p67 = HNN_FMA(r, 0x1.71ddf7f70ec59p-19, 0x1.a01a01ab6d480p-16);
    double p89 = HNN_FMA(r, 0x1.af5f5c09e3e64p-26, 0x1.27e4d04a73b3fp-22);
    double p03 = HNN_FMA(r2, p23, p01);
    double p47 = HNN_FMA(r2, p67, p45);
    double p8a = HNN_FMA(r2, 0x1.1f85a4f3e1205p-29, p89);
    return HNN_FMA(r2, HNN_FMA(r4, HNN_FMA(r4, p8a, p47), p03), HNN_FMA(r, e, -rl));
}

/* 2^k for -1022 <= k <= 1023 */
static inline double hnn_pow2(int64_t k) { return hnn_real((uint64_t)(k + 1023) << 52); }
