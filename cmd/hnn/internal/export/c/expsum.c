/* e^(x+l) for small l */
static double hnn_exp_sum(double x, double l) {
    double rh, rl;
    if (x > 710.0) x = 710.0;
    if (x < -746.0) x = -746.0;
    if (x != x) return x;
    int64_t k = hnn_reduce_exp(x, &rh, &rl);
    double p = hnn_exp_rest(rh, rl - l);
    double h = 1.0 + rh;
    double m = h + (((1.0 - h) + rh) + p);
    int64_t k1 = k >= 0 ? k / 2 : -((1 - k) / 2); /* k/2, rounded down */
    return m * hnn_pow2(k1) * hnn_pow2(k - k1);
}

static inline double hnn_exp(double x) { return hnn_exp_sum(x, 0.0); }

/* e^y = h + l for -40 <= y <= 0 */
static inline void hnn_exp_parts(double y, double *h, double *l) {
    double rh, rl;
    int64_t k = hnn_reduce_exp(y, &rh, &rl);
    double p = hnn_exp_rest(rh, rl);
    double one = 1.0 + rh;
    p += (1.0 - one) + rh;
    double hi = one + p;
    double lo = (one - hi) + p;
    double s = hnn_pow2(k);
    *h = hi * s;
    *l = lo * s;
}
