//go:build !purego

#include "textflag.h"

// A loop over all elements in vectors of l numbers. The pointers DI, SI and BX are to
// the ends of the slices, and R12 counts up to 0.
#define ENDS \
	LEAQ (DI)(R12*8), DI    \
	LEAQ (SI)(R12*8), SI    \
	LEAQ (BX)(R12*8), BX    \
	NEGQ R12

#define NEXT(l) \
	ADDQ $l, R12            \
	JNZ  loop               \
	VZEROUPPER              \
	RET

#define ZX \
	MOVQ z_base+0(FP), DI   \
	MOVQ z_len+8(FP), R12   \
	MOVQ x_base+24(FP), SI

#define BINARY(op, l, r) \
	ZX                      \
	MOVQ y_base+48(FP), BX  \
	ENDS                    \
loop: \
	VMOVUPD (SI)(R12*8), r  \
	op   (BX)(R12*8), r, r  \
	VMOVUPD r, (DI)(R12*8)  \
	NEXT(l)

#define MULSCALE(l, k, r) \
	ZX                      \
	MOVQ y_base+48(FP), BX  \
	ENDS                    \
	VBROADCASTSD c+72(FP), k \
loop: \
	VMOVUPD (SI)(R12*8), r  \
	VMULPD (BX)(R12*8), r, r \
	VMULPD r, k, r          \
	VMOVUPD r, (DI)(R12*8)  \
	NEXT(l)

#define TANHGRAD(l, r0, r1) \
	MOVQ z_base+0(FP), DI   \
	MOVQ z_len+8(FP), R12   \
	MOVQ g_base+24(FP), SI  \
	MOVQ y_base+48(FP), BX  \
	ENDS                    \
loop: \
	VMOVUPD (BX)(R12*8), r0 \
	VMULPD r0, r0, r0       \
	VMOVUPD (SI)(R12*8), r1 \
	VMULPD r0, r1, r0       \
	VSUBPD r0, r1, r1       \
	VMOVUPD r1, (DI)(R12*8) \
	NEXT(l)

// Columns of sums in strips of 8 and 1 vectors of v bytes and l numbers: SI is the strip of
// the first row, BX that of a row, DX the distance of rows.
#define ADDROWS(v, l, r0, r1, r2, r3, r4, r5, r6, r7) \
	MOVQ z_base+0(FP), DI   \
	MOVQ z_len+8(FP), R12   \
	MOVQ x_base+24(FP), SI  \
	MOVQ n+48(FP), DX       \
	SHLQ $3, DX             \
wide: \
	CMPQ R12, $(8*l)        \
	JLT  one                \
	MOVQ m+56(FP), CX       \
	MOVQ SI, BX             \
	VMOVUPD (0*v)(DI), r0   \
	VMOVUPD (1*v)(DI), r1   \
	VMOVUPD (2*v)(DI), r2   \
	VMOVUPD (3*v)(DI), r3   \
	VMOVUPD (4*v)(DI), r4   \
	VMOVUPD (5*v)(DI), r5   \
	VMOVUPD (6*v)(DI), r6   \
	VMOVUPD (7*v)(DI), r7   \
row8: \
	VADDPD (0*v)(BX), r0, r0 \
	VADDPD (1*v)(BX), r1, r1 \
	VADDPD (2*v)(BX), r2, r2 \
	VADDPD (3*v)(BX), r3, r3 \
	VADDPD (4*v)(BX), r4, r4 \
	VADDPD (5*v)(BX), r5, r5 \
	VADDPD (6*v)(BX), r6, r6 \
	VADDPD (7*v)(BX), r7, r7 \
	ADDQ DX, BX             \
	DECQ CX                 \
	JNZ  row8               \
	VMOVUPD r0, (0*v)(DI)   \
	VMOVUPD r1, (1*v)(DI)   \
	VMOVUPD r2, (2*v)(DI)   \
	VMOVUPD r3, (3*v)(DI)   \
	VMOVUPD r4, (4*v)(DI)   \
	VMOVUPD r5, (5*v)(DI)   \
	VMOVUPD r6, (6*v)(DI)   \
	VMOVUPD r7, (7*v)(DI)   \
	ADDQ $(8*v), DI         \
	ADDQ $(8*v), SI         \
	SUBQ $(8*l), R12        \
	JMP  wide               \
one: \
	CMPQ R12, $l            \
	JLT  done               \
	MOVQ m+56(FP), CX       \
	MOVQ SI, BX             \
	VMOVUPD (DI), r0        \
row1: \
	VADDPD (BX), r0, r0     \
	ADDQ DX, BX             \
	DECQ CX                 \
	JNZ  row1               \
	VMOVUPD r0, (DI)        \
	ADDQ $v, DI             \
	ADDQ $v, SI             \
	SUBQ $l, R12            \
	JMP  one                \
done: \
	VZEROUPPER              \
	RET

#define CONSTANT(op, l, k, r) \
	ZX                      \
	ENDS                    \
	VBROADCASTSD c+48(FP), k \
loop: \
	op   (SI)(R12*8), k, r  \
	VMOVUPD r, (DI)(R12*8)  \
	NEXT(l)

#define ADDSCALED(l, k, r) \
	ZX                      \
	ENDS                    \
	VBROADCASTSD c+48(FP), k \
loop: \
	VMULPD (SI)(R12*8), k, r \
	VADDPD (DI)(R12*8), r, r \
	VMOVUPD r, (DI)(R12*8)  \
	NEXT(l)

#define SQRT(l, r) \
	ZX                      \
	ENDS                    \
loop: \
	VSQRTPD (SI)(R12*8), r  \
	VMOVUPD r, (DI)(R12*8)  \
	NEXT(l)

#define MOMENTS(l, k0, k1, k2, r0, r1, r2) \
	MOVQ m_base+0(FP), DI   \
	MOVQ m_len+8(FP), R12   \
	MOVQ v_base+24(FP), SI  \
	MOVQ g_base+48(FP), BX  \
	ENDS                    \
	VBROADCASTSD c1+72(FP), k0 \
	VBROADCASTSD b2+80(FP), k1 \
	VBROADCASTSD c2+88(FP), k2 \
loop: \
	VMOVUPD (DI)(R12*8), r0 \
	VMOVUPD (BX)(R12*8), r1 \
	VSUBPD r0, r1, r2       \
	VMULPD r2, k0, r2       \
	VADDPD r2, r0, r0       \
	VMOVUPD r0, (DI)(R12*8) \
	VMULPD r1, r1, r1       \
	VMULPD r1, k2, r1       \
	VMULPD (SI)(R12*8), k1, r0 \
	VADDPD r1, r0, r0       \
	VMOVUPD r0, (SI)(R12*8) \
	NEXT(l)

#define DESCEND(l, k0, k1, r0, r1) \
	MOVQ x_base+0(FP), DI   \
	MOVQ x_len+8(FP), R12   \
	MOVQ m_base+24(FP), SI  \
	MOVQ v_base+48(FP), BX  \
	ENDS                    \
	VBROADCASTSD s+72(FP), k0 \
	VBROADCASTSD eps+80(FP), k1 \
loop: \
	VSQRTPD (BX)(R12*8), r0 \
	VADDPD k1, r0, r0       \
	VMOVUPD (SI)(R12*8), r1 \
	VDIVPD r0, r1, r1       \
	VMULPD r1, k0, r1       \
	VMOVUPD (DI)(R12*8), r0 \
	VSUBPD r1, r0, r0       \
	VMOVUPD r0, (DI)(R12*8) \
	NEXT(l)

#define ADAM(l, k0, k1, k2, k3, k4, r0, r1, r2, r3) \
	MOVQ x_base+0(FP), DI   \
	MOVQ x_len+8(FP), R12   \
	MOVQ m_base+24(FP), SI  \
	MOVQ v_base+48(FP), DX  \
	MOVQ g_base+72(FP), BX  \
	LEAQ (DX)(R12*8), DX    \
	ENDS                    \
	VBROADCASTSD c1+96(FP), k0 \
	VBROADCASTSD b2+104(FP), k1 \
	VBROADCASTSD c2+112(FP), k2 \
	VBROADCASTSD s+120(FP), k3 \
	VBROADCASTSD eps+128(FP), k4 \
loop: \
	VMOVUPD (BX)(R12*8), r1 \
	VMULPD r1, r1, r2       \
	VMULPD r2, k2, r2       \
	VMULPD (DX)(R12*8), k1, r3 \
	VADDPD r2, r3, r3       \
	VMOVUPD r3, (DX)(R12*8) \
	VSQRTPD r3, r3          \
	VADDPD k4, r3, r3       \
	VMOVUPD (SI)(R12*8), r0 \
	VSUBPD r0, r1, r2       \
	VMULPD r2, k0, r2       \
	VADDPD r2, r0, r0       \
	VMOVUPD r0, (SI)(R12*8) \
	VDIVPD r3, r0, r0       \
	VMULPD r0, k3, r0       \
	VMOVUPD (DI)(R12*8), r1 \
	VSUBPD r0, r1, r1       \
	VMOVUPD r1, (DI)(R12*8) \
	NEXT(l)

#define COMBINE(l, k0, k1, k2, r0, r1) \
	ZX                      \
	MOVQ y_base+48(FP), BX  \
	ENDS                    \
	VBROADCASTSD a+72(FP), k0 \
	VBROADCASTSD b+80(FP), k1 \
	VBROADCASTSD c+88(FP), k2 \
loop: \
	VMULPD (DI)(R12*8), k2, r0 \
	VMULPD (SI)(R12*8), k0, r1 \
	VADDPD r1, r0, r0       \
	VMULPD (BX)(R12*8), k1, r1 \
	VADDPD r1, r0, r0       \
	VMOVUPD r0, (DI)(R12*8) \
	NEXT(l)

#define REFLECT(l, k0, k1, r0, r1) \
	MOVQ z_base+0(FP), DI   \
	MOVQ z_len+8(FP), R12   \
	MOVQ x_base+24(FP), SI  \
	MOVQ w_base+48(FP), BX  \
	ENDS                    \
	VBROADCASTSD c+72(FP), k0 \
	VBROADCASTSD d+80(FP), k1 \
loop: \
	VMULPD (SI)(R12*8), k0, r0 \
	VADDPD (DI)(R12*8), r0, r0 \
	VMOVUPD r0, (DI)(R12*8) \
	VMULPD r0, k1, r1       \
	VADDPD (BX)(R12*8), r1, r1 \
	VMOVUPD r1, (BX)(R12*8) \
	NEXT(l)

#define DOTARGS \
	LEAQ s+48(FP), DI       \
	MOVQ x_base+0(FP), SI   \
	MOVQ x_len+8(FP), R12   \
	MOVQ y_base+24(FP), BX  \
	LEAQ (SI)(R12*8), SI    \
	LEAQ (BX)(R12*8), BX    \
	NEGQ R12

// Lengths are multiples of 8 (AVX-512) or 4 (AVX2) and not 0, here and below.

// func addAVX512(z, x, y []float64)
//
//	for i := range z { z[i] = x[i] + y[i] }
TEXT ·addAVX512(SB), NOSPLIT, $0-72
	BINARY(VADDPD, 8, Z0)

TEXT ·addAVX2(SB), NOSPLIT, $0-72
	BINARY(VADDPD, 4, Y0)

// func subAVX512(z, x, y []float64)
//
//	for i := range z { z[i] = x[i] - y[i] }
TEXT ·subAVX512(SB), NOSPLIT, $0-72
	BINARY(VSUBPD, 8, Z0)

TEXT ·subAVX2(SB), NOSPLIT, $0-72
	BINARY(VSUBPD, 4, Y0)

// func mulAVX512(z, x, y []float64)
//
//	for i := range z { z[i] = x[i] * y[i] }
TEXT ·mulAVX512(SB), NOSPLIT, $0-72
	BINARY(VMULPD, 8, Z0)

TEXT ·mulAVX2(SB), NOSPLIT, $0-72
	BINARY(VMULPD, 4, Y0)

// func divAVX512(z, x, y []float64)
//
//	for i := range z { z[i] = x[i] / y[i] }
TEXT ·divAVX512(SB), NOSPLIT, $0-72
	BINARY(VDIVPD, 8, Z0)

TEXT ·divAVX2(SB), NOSPLIT, $0-72
	BINARY(VDIVPD, 4, Y0)

// func tanhGradAVX512(z, g, y []float64)
//
//	for i := range z { z[i] = g[i] - float64(g[i]*float64(y[i]*y[i])) }
TEXT ·tanhGradAVX512(SB), NOSPLIT, $0-72
	TANHGRAD(8, Z0, Z1)

TEXT ·tanhGradAVX2(SB), NOSPLIT, $0-72
	TANHGRAD(4, Y0, Y1)

// func mulScaleAVX512(z, x, y []float64, c float64)
//
//	for i := range z { z[i] = c * float64(x[i]*y[i]) }
TEXT ·mulScaleAVX512(SB), NOSPLIT, $0-80
	MULSCALE(8, Z4, Z0)

TEXT ·mulScaleAVX2(SB), NOSPLIT, $0-80
	MULSCALE(4, Y4, Y0)

// func addRowsAVX512(z, x []float64, n, m int)
//
//	for i := range m { // at least 1
//		for j := range z { z[j] += x[i*n+j] }
//	}
TEXT ·addRowsAVX512(SB), NOSPLIT, $0-64
	ADDROWS(64, 8, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)

TEXT ·addRowsAVX2(SB), NOSPLIT, $0-64
	ADDROWS(32, 4, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7)

// func scaleAVX512(z, x []float64, c float64)
//
//	for i := range z { z[i] = c * x[i] }
TEXT ·scaleAVX512(SB), NOSPLIT, $0-56
	CONSTANT(VMULPD, 8, Z4, Z0)

TEXT ·scaleAVX2(SB), NOSPLIT, $0-56
	CONSTANT(VMULPD, 4, Y4, Y0)

// func addConstAVX512(z, x []float64, c float64)
//
//	for i := range z { z[i] = c + x[i] }
TEXT ·addConstAVX512(SB), NOSPLIT, $0-56
	CONSTANT(VADDPD, 8, Z4, Z0)

TEXT ·addConstAVX2(SB), NOSPLIT, $0-56
	CONSTANT(VADDPD, 4, Y4, Y0)

// func ratioAVX512(z, x []float64, c float64)
//
//	for i := range z { z[i] = c / x[i] }
TEXT ·ratioAVX512(SB), NOSPLIT, $0-56
	CONSTANT(VDIVPD, 8, Z4, Z0)

TEXT ·ratioAVX2(SB), NOSPLIT, $0-56
	CONSTANT(VDIVPD, 4, Y4, Y0)

// func addScaledAVX512(z, x []float64, c float64)
//
//	for i := range z { z[i] += float64(c * x[i]) }
TEXT ·addScaledAVX512(SB), NOSPLIT, $0-56
	ADDSCALED(8, Z4, Z0)

TEXT ·addScaledAVX2(SB), NOSPLIT, $0-56
	ADDSCALED(4, Y4, Y0)

// func sqrtAVX512(z, x []float64, _ float64)
//
//	for i := range z { z[i] = math.Sqrt(x[i]) }
TEXT ·sqrtAVX512(SB), NOSPLIT, $0-56
	SQRT(8, Z0)

TEXT ·sqrtAVX2(SB), NOSPLIT, $0-56
	SQRT(4, Y0)

// func momentsAVX512(m, v, g []float64, c1, b2, c2 float64)
//
//	for i, d := range g {
//		m[i] += float64(c1 * (d - m[i]))
//		v[i] = float64(b2*v[i]) + float64(c2*float64(d*d))
//	}
TEXT ·momentsAVX512(SB), NOSPLIT, $0-96
	MOMENTS(8, Z4, Z5, Z6, Z0, Z1, Z2)

TEXT ·momentsAVX2(SB), NOSPLIT, $0-96
	MOMENTS(4, Y4, Y5, Y6, Y0, Y1, Y2)

// func descendAVX512(x, m, v []float64, s, eps, _ float64)
//
//	for i := range x {
//		x[i] -= float64(s * (m[i] / (math.Sqrt(v[i]) + eps)))
//	}
TEXT ·descendAVX512(SB), NOSPLIT, $0-96
	DESCEND(8, Z4, Z5, Z0, Z1)

TEXT ·descendAVX2(SB), NOSPLIT, $0-96
	DESCEND(4, Y4, Y5, Y0, Y1)

// func adamAVX512(x, m, v, g []float64, c1, b2, c2, s, eps float64)
//
//	for i, d := range g {
//		m[i] += float64(c1 * (d - m[i]))
//		v[i] = float64(b2*v[i]) + float64(c2*float64(d*d))
//		x[i] -= float64(s * (m[i] / (math.Sqrt(v[i]) + eps)))
//	}
TEXT ·adamAVX512(SB), NOSPLIT, $0-136
	ADAM(8, Z4, Z5, Z6, Z7, Z8, Z0, Z1, Z2, Z3)

TEXT ·adamAVX2(SB), NOSPLIT, $0-136
	ADAM(4, Y4, Y5, Y6, Y7, Y8, Y0, Y1, Y2, Y3)

// func combineAVX512(z, x, y []float64, a, b, c float64)
//
//	for i := range z { z[i] = float64(c*z[i]) + float64(a*x[i]) + float64(b*y[i]) }
TEXT ·combineAVX512(SB), NOSPLIT, $0-96
	COMBINE(8, Z4, Z5, Z6, Z0, Z1)

TEXT ·combineAVX2(SB), NOSPLIT, $0-96
	COMBINE(4, Y4, Y5, Y6, Y0, Y1)

// func reflectAVX512(z, x, w []float64, c, d, _ float64)
//
//	for i := range z {
//		z[i] += float64(c * x[i])
//		w[i] += float64(d * z[i])
//	}
TEXT ·reflectAVX512(SB), NOSPLIT, $0-96
	REFLECT(8, Z4, Z5, Z0, Z1)

TEXT ·reflectAVX2(SB), NOSPLIT, $0-96
	REFLECT(4, Y4, Y5, Y0, Y1)

// func finiteAVX512(x []float64) bool
//
//	for _, v := range x {
//		if v-v != 0 { return false }
//	}
//	return true
//
// v − v is +0 or NaN: one nonzero bit among all differences tells.
TEXT ·finiteAVX512(SB), NOSPLIT, $0-25
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), R12
	LEAQ (SI)(R12*8), SI
	NEGQ R12
	VPXORQ Z1, Z1, Z1
loop:
	VMOVUPD (SI)(R12*8), Z0
	VSUBPD Z0, Z0, Z0
	VPORQ Z0, Z1, Z1
	ADDQ $8, R12
	JNZ  loop
	VPTESTMQ Z1, Z1, K1
	KMOVW K1, AX
	TESTL AX, AX
	SETEQ ret+24(FP)
	VZEROUPPER
	RET

TEXT ·finiteAVX2(SB), NOSPLIT, $0-25
	MOVQ x_base+0(FP), SI
	MOVQ x_len+8(FP), R12
	LEAQ (SI)(R12*8), SI
	NEGQ R12
	VPXOR Y1, Y1, Y1
loop:
	VMOVUPD (SI)(R12*8), Y0
	VSUBPD Y0, Y0, Y0
	VPOR Y0, Y1, Y1
	ADDQ $4, R12
	JNZ  loop
	VPTEST Y1, Y1
	SETEQ ret+24(FP)
	VZEROUPPER
	RET

// func dotAVX512(x, y []float64) (s [8]float64)
//
//	for i := range x { s[i%8] += float64(x[i] * y[i]) }
TEXT ·dotAVX512(SB), NOSPLIT, $0-112
	DOTARGS
	VXORPD Z0, Z0, Z0
loop:
	VMOVUPD (SI)(R12*8), Z1
	VMULPD (BX)(R12*8), Z1, Z1
	VADDPD Z1, Z0, Z0
	ADDQ $8, R12
	JNZ  loop
	VMOVUPD Z0, (DI)
	VZEROUPPER
	RET

TEXT ·dotAVX2(SB), NOSPLIT, $0-112
	DOTARGS
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
loop:
	VMOVUPD (SI)(R12*8), Y2
	VMOVUPD 32(SI)(R12*8), Y3
	VMULPD (BX)(R12*8), Y2, Y2
	VMULPD 32(BX)(R12*8), Y3, Y3
	VADDPD Y2, Y0, Y0
	VADDPD Y3, Y1, Y1
	ADDQ $8, R12
	JNZ  loop
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VZEROUPPER
	RET
