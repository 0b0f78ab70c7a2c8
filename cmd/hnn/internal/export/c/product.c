/* z[i,j] = sum over p of x[i,p] y[p,j] for m x k by k x n, each sum one chain from 0 on; element
   (i,p) of x is x[i xr + p xc], and y likewise. */
static void hnn_product(double *restrict z, const double *x, int xr, int xc, const double *y, int yr, int yc, int m, int k, int n) {
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double s = 0.0;
            for (int p = 0; p < k; p++) s = HNN_FMA(x[i * xr + p * xc], y[p * yr + j * yc], s);
            z[i * n + j] = s;
        }
}
