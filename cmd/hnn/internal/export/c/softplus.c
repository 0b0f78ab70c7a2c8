/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|) */
static double hnn_softplus(double x) {
    double z, zl, h, l;
    if (x > 40.0) return x;
    if (x < -40.0) return hnn_exp(x);
    hnn_exp_parts(-hnn_abs(x), &z, &zl);
    if (z < 0.4140625) {
        hnn_log_parts(0.0, z, zl, &h, &l);
    } else {
        double f = z - 1.0;
        double fl = (z - (f + 1.0)) + zl;
        hnn_log_parts(1.0, 0.5 * f, 0.5 * fl, &h, &l);
    }
    if (x > 0.0) {
        double s = x + h;
        double b = s - x;
        l += (x - (s - b)) + (h - b);
        h = s;
    }
    return h + l;
}
