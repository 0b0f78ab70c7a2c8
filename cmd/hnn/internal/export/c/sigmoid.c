/* 1/(1 + e^-x) for x >= 0, e^x/(1 + e^x) for x < 0 */
static double hnn_sigmoid(double x) {
    double h, l;
    if (x < -40.0) return hnn_exp(x);
    double y = -hnn_abs(x);
    if (y < -40.0) y = -40.0;
    hnn_exp_parts(y, &h, &l);
    double d = 1.0 + h;
    double dl = (h - (d - 1.0)) + l;
    if (x >= 0.0) h = 1.0, l = 0.0;
    double v = 1.0 / d;
    double q = h * v;
    double rem = HNN_FMA(-q, d, h) + HNN_FMA(-q, dl, l);
    return HNN_FMA(rem, v, q);
}
