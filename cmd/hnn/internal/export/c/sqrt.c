/* sqrt x, rounded to nearest: 54 bits of the root, one by one. */
static double hnn_sqrt(double x) {
    uint64_t u = hnn_bits(x), m = u & 0xfffffffffffffu, root = 0, rest = 0;
    int e = (int)(u >> 52 & 0x7ff) - 1075;
    if (x == 0.0 || !(x - x == 0.0)) return x < 0.0 ? x - x : x; /* 0, +Inf and NaN; -Inf gives NaN */
    if (x < 0.0) return (x - x) / (x - x);
    if (e > -1075) {
        m |= 0x10000000000000u;
    } else {
        for (e = -1074; !(m >> 52); m <<= 1) --e;
    }
    if (e & 1) m <<= 1, --e;
    for (int i = 53; i >= 0; i--) {
        rest = rest << 2 | (i >= 27 ? m >> 2 * (i - 27) & 3 : 0);
        uint64_t t = root << 2 | 1;
        root <<= 1;
        if (rest >= t) rest -= t, root |= 1;
    }
    return hnn_real(((uint64_t)(e / 2 - 26 + 1074) << 52) + (root >> 1) + (root & 1));
}
