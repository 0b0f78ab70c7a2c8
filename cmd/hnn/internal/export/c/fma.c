/* Fused multiply-add, rounded once. Where the processor has it, it is one instruction; define
   HNN_FMA to choose another. Otherwise it is computed with integers. */
typedef union { double d; uint64_t u; } hnn_word;
static inline uint64_t hnn_bits(double x) { hnn_word w; w.d = x; return w.u; }
static inline double hnn_real(uint64_t u) { hnn_word w; w.u = u; return w.d; }
static inline double hnn_abs(double x) { return hnn_real(hnn_bits(x) & 0x7fffffffffffffffu); }
static inline double hnn_copysign(double x, double s) {
    return hnn_real((hnn_bits(x) & 0x7fffffffffffffffu) | (hnn_bits(s) & 0x8000000000000000u));
}

#ifndef HNN_FMA
#if defined(__FMA__) || defined(__FP_FAST_FMA) || defined(__aarch64__) || defined(__ARM_FEATURE_FMA)
#define HNN_FMA(a, b, c) __builtin_fma(a, b, c)
#else
#define HNN_FMA(a, b, c) hnn_fma(a, b, c)

/* hnn_split returns the 53 bits m of |x| = m 2^e, for finite x other than 0. */
static uint64_t hnn_split(double x, int *e) {
    uint64_t u = hnn_bits(x), m = u & 0xfffffffffffffu;
    *e = (int)(u >> 52 & 0x7ff) - 1075;
    if (*e > -1075) return m | 0x10000000000000u;
    for (*e = -1074; !(m >> 52); m <<= 1) --*e;
    return m;
}

/* hnn_shift shifts the 128 bits h, l to the right; a bit that is lost is kept in the last. */
static void hnn_shift(uint64_t *h, uint64_t *l, int n) {
    uint64_t lost = 0;
    if (n >= 128) { lost = *h | *l; *h = *l = 0; }
    if (n >= 64 && n < 128) { lost = *l; *l = *h; *h = 0; n -= 64; }
    if (n > 0 && n < 64) { lost |= *l << (64 - n); *l = *l >> n | *h << (64 - n); *h >>= n; }
    *l |= lost != 0;
}

static double hnn_fma(double a, double b, double c) {
    const uint64_t top = 0x8000000000000000u, inf = 0x7ff0000000000000u;
    uint64_t ua = hnn_bits(a) & ~top, ub = hnn_bits(b) & ~top, uc = hnn_bits(c) & ~top;
    if (ua >= inf || ub >= inf) return a * b + c;
    if (uc >= inf) return c;
    if (!ua || !ub) return a * b + c;
    if (!uc) return a * b;
    int ea, eb, ec;
    uint64_t ma = hnn_split(a, &ea), mb = hnn_split(b, &eb), mc = hnn_split(c, &ec);
    uint64_t sign = (hnn_bits(a) ^ hnn_bits(b)) & top, other = hnn_bits(c) & top;
    /* product h, l and summand ch, cl, both with their first bit at 124 or 125 of 128 */
    uint64_t a1 = ma >> 32, a0 = ma & 0xffffffffu, b1 = mb >> 32, b0 = mb & 0xffffffffu;
    uint64_t mid = a1 * b0 + (a0 * b0 >> 32), low = a0 * b1 + (mid & 0xffffffffu);
    uint64_t h = a1 * b1 + (mid >> 32) + (low >> 32), l = low << 32 | (a0 * b0 & 0xffffffffu);
    h = h << 20 | l >> 44;
    l <<= 20;
    uint64_t ch = mc << 9, cl = 0;
    int e = ea + eb - 20;
    ec -= 73;
    if (e >= ec) {
        hnn_shift(&ch, &cl, e - ec);
    } else {
        hnn_shift(&h, &l, ec - e);
        e = ec;
    }
    if (sign == other) {
        l += cl;
        h += ch + (l < cl);
    } else {
        if (h < ch || (h == ch && l < cl)) {
            uint64_t t = h;
            h = ch, ch = t;
            t = l, l = cl, cl = t;
            sign = other;
        }
        h -= ch + (l < cl);
        l -= cl;
        if (!h && !l) return 0.0;
    }
    int first = h ? 127 : 63; /* the place of the first bit */
    for (uint64_t m = h ? h : l; !(m & top); m <<= 1) --first;
    int exponent = e + first, keep = 53;
    if (exponent > 1023) return hnn_real(sign | inf);
    if (exponent < -1022) keep = 53 + 1022 + exponent;
    int drop = first + 1 - keep;
    /* l keeps two bits more than the result: the first that is dropped, and whether others are */
    if (drop < 2) {
        l <<= 2 - drop;
    } else {
        hnn_shift(&h, &l, drop - 2);
    }
    uint64_t m = (l >> 2) + ((l & 3) == 3 || (l & 7) == 6);
    return hnn_real(sign | ((exponent < -1022 ? 0 : (uint64_t)(exponent + 1022) << 52) + m));
}
#endif
#endif
