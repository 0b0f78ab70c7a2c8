/* tanh |x| = -E/(2 + E) with E = e^(-2|x|) - 1 */
static inline double hnn_tanh(double x) {
    double rh, rl;
    double y = -2.0 * hnn_abs(x);
    if (y < -40.0) y = -40.0;
    int64_t k = hnn_reduce_exp(y, &rh, &rl);
    double p = hnn_exp_rest(rh, rl);
    double s = hnn_pow2(k);
    double a = s - 1.0;
    double t = HNN_FMA(s, rh, a);
    double l = HNN_FMA(s, p, HNN_FMA(s, rh, a - t) + (s - (a + 1.0)));
    double h = t + l;
    l += t - h;
    double d = 2.0 + h;
    double dl = (h - (d - 2.0)) + l;
    double v = 1.0 / d;
    double q = h * v;
    double rem = HNN_FMA(-q, d, h) + HNN_FMA(-q, dl, l);
    return hnn_copysign(HNN_FMA(rem, v, q), x);
}
