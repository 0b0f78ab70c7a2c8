/* z = x W, where W has k rows of n numbers. Each sum is one chain of fused multiply-adds, from 0
   on; the sums go side by side, four terms of each at a time. */
static inline void hnn_row(double *restrict z, const double *restrict x, const double *restrict w, int k, int n) {
    int p = 0;
    for (int j = 0; j < n; j++) z[j] = 0.0;
    for (; p + 4 <= k; p += 4, w += 4 * n) {
        const double x0 = x[p], x1 = x[p + 1], x2 = x[p + 2], x3 = x[p + 3];
        for (int j = 0; j < n; j++) {
            double s = HNN_FMA(x0, w[j], z[j]);
            s = HNN_FMA(x1, w[n + j], s);
            s = HNN_FMA(x2, w[2 * n + j], s);
            z[j] = HNN_FMA(x3, w[3 * n + j], s);
        }
    }
    for (; p < k; p++, w += n)
        for (int j = 0; j < n; j++) z[j] = HNN_FMA(x[p], w[j], z[j]);
}
