//go:build !purego

#include "textflag.h"

// A loop over R12 numbers, a multiple of l, in vectors of v bytes: four at a time and
// then one at a time. z is at DI, x at SI, y at BX; constants fill registers k.

#define ADVANCE(bytes, count) \
	ADDQ $(bytes), DI       \
	ADDQ $(bytes), SI       \
	ADDQ $(bytes), BX       \
	SUBQ $(count), R12

#define ZX \
	MOVQ z_base+0(FP), DI   \
	MOVQ z_len+8(FP), R12   \
	MOVQ x_base+24(FP), SI

#define BINARY(op, v, l, r0, r1, r2, r3) \
	ZX                      \
	MOVQ y_base+48(FP), BX  \
	SUBQ $(4*l), R12        \
	JLT  last               \
wide: \
	VMOVUPD (SI), r0        \
	VMOVUPD v(SI), r1       \
	VMOVUPD (2*v)(SI), r2   \
	VMOVUPD (3*v)(SI), r3   \
	op   (BX), r0, r0       \
	op   v(BX), r1, r1      \
	op   (2*v)(BX), r2, r2  \
	op   (3*v)(BX), r3, r3  \
	VMOVUPD r0, (DI)        \
	VMOVUPD r1, v(DI)       \
	VMOVUPD r2, (2*v)(DI)   \
	VMOVUPD r3, (3*v)(DI)   \
	ADVANCE(4*v, 4*l)       \
	JGE  wide               \
last: \
	ADDQ $(4*l), R12        \
	JZ   done               \
one: \
	VMOVUPD (SI), r0        \
	op   (BX), r0, r0       \
	VMOVUPD r0, (DI)        \
	ADVANCE(v, l)           \
	JNZ  one                \
done: \
	VZEROUPPER              \
	RET

#define CONSTANT(op, v, l, k, r0, r1, r2, r3) \
	ZX                      \
	VBROADCASTSD c+48(FP), k \
	SUBQ $(4*l), R12        \
	JLT  last               \
wide: \
	op   (SI), k, r0        \
	op   v(SI), k, r1       \
	op   (2*v)(SI), k, r2   \
	op   (3*v)(SI), k, r3   \
	VMOVUPD r0, (DI)        \
	VMOVUPD r1, v(DI)       \
	VMOVUPD r2, (2*v)(DI)   \
	VMOVUPD r3, (3*v)(DI)   \
	ADVANCE(4*v, 4*l)       \
	JGE  wide               \
last: \
	ADDQ $(4*l), R12        \
	JZ   done               \
one: \
	op   (SI), k, r0        \
	VMOVUPD r0, (DI)        \
	ADVANCE(v, l)           \
	JNZ  one                \
done: \
	VZEROUPPER              \
	RET

#define ADDSCALED(v, l, k, r0) \
	ZX                      \
	VBROADCASTSD c+48(FP), k \
loop: \
	VMULPD (SI), k, r0      \
	VADDPD (DI), r0, r0     \
	VMOVUPD r0, (DI)        \
	ADVANCE(v, l)           \
	JNZ  loop               \
	VZEROUPPER              \
	RET

#define SQRT(v, l, r0) \
	ZX                      \
loop: \
	VSQRTPD (SI), r0        \
	VMOVUPD r0, (DI)        \
	ADVANCE(v, l)           \
	JNZ  loop               \
	VZEROUPPER              \
	RET

#define MOMENTS(w, l, k0, k1, k2, r0, r1, r2) \
	MOVQ m_base+0(FP), DI   \
	MOVQ v_base+24(FP), SI  \
	MOVQ g_base+48(FP), BX  \
	MOVQ g_len+56(FP), R12  \
	VBROADCASTSD c1+72(FP), k0 \
	VBROADCASTSD b2+80(FP), k1 \
	VBROADCASTSD c2+88(FP), k2 \
loop: \
	VMOVUPD (DI), r0        \
	VMOVUPD (BX), r1        \
	VSUBPD r0, r1, r2       \
	VMULPD r2, k0, r2       \
	VADDPD r2, r0, r0       \
	VMOVUPD r0, (DI)        \
	VMULPD r1, r1, r1       \
	VMULPD r1, k2, r1       \
	VMULPD (SI), k1, r0     \
	VADDPD r1, r0, r0       \
	VMOVUPD r0, (SI)        \
	ADVANCE(w, l)           \
	JNZ  loop               \
	VZEROUPPER              \
	RET

#define DESCEND(w, l, k0, k1, k2, r0, r1) \
	MOVQ x_base+0(FP), DI   \
	MOVQ x_len+8(FP), R12   \
	MOVQ m_base+24(FP), SI  \
	MOVQ v_base+48(FP), BX  \
	VBROADCASTSD s+72(FP), k0 \
	VBROADCASTSD r+80(FP), k1 \
	VBROADCASTSD eps+88(FP), k2 \
loop: \
	VSQRTPD (BX), r0        \
	VDIVPD k1, r0, r0       \
	VADDPD k2, r0, r0       \
	VMOVUPD (SI), r1        \
	VDIVPD r0, r1, r1       \
	VMULPD r1, k0, r1       \
	VMOVUPD (DI), r0        \
	VSUBPD r1, r0, r0       \
	VMOVUPD r0, (DI)        \
	ADVANCE(w, l)           \
	JNZ  loop               \
	VZEROUPPER              \
	RET

// Lengths are multiples of 8 (AVX-512) or 4 (AVX2) and not 0, here and below.

// func addAVX512(z, x, y []float64)
//
//	for i := range z { z[i] = x[i] + y[i] }
TEXT ·addAVX512(SB), NOSPLIT, $0-72
	BINARY(VADDPD, 64, 8, Z0, Z1, Z2, Z3)

TEXT ·addAVX2(SB), NOSPLIT, $0-72
	BINARY(VADDPD, 32, 4, Y0, Y1, Y2, Y3)

// func subAVX512(z, x, y []float64)
//
//	for i := range z { z[i] = x[i] - y[i] }
TEXT ·subAVX512(SB), NOSPLIT, $0-72
	BINARY(VSUBPD, 64, 8, Z0, Z1, Z2, Z3)

TEXT ·subAVX2(SB), NOSPLIT, $0-72
	BINARY(VSUBPD, 32, 4, Y0, Y1, Y2, Y3)

// func mulAVX512(z, x, y []float64)
//
//	for i := range z { z[i] = x[i] * y[i] }
TEXT ·mulAVX512(SB), NOSPLIT, $0-72
	BINARY(VMULPD, 64, 8, Z0, Z1, Z2, Z3)

TEXT ·mulAVX2(SB), NOSPLIT, $0-72
	BINARY(VMULPD, 32, 4, Y0, Y1, Y2, Y3)

// func divAVX512(z, x, y []float64)
//
//	for i := range z { z[i] = x[i] / y[i] }
TEXT ·divAVX512(SB), NOSPLIT, $0-72
	BINARY(VDIVPD, 64, 8, Z0, Z1, Z2, Z3)

TEXT ·divAVX2(SB), NOSPLIT, $0-72
	BINARY(VDIVPD, 32, 4, Y0, Y1, Y2, Y3)

// func scaleAVX512(z, x []float64, c float64)
//
//	for i := range z { z[i] = c * x[i] }
TEXT ·scaleAVX512(SB), NOSPLIT, $0-56
	CONSTANT(VMULPD, 64, 8, Z4, Z0, Z1, Z2, Z3)

TEXT ·scaleAVX2(SB), NOSPLIT, $0-56
	CONSTANT(VMULPD, 32, 4, Y4, Y0, Y1, Y2, Y3)

// func addConstAVX512(z, x []float64, c float64)
//
//	for i := range z { z[i] = c + x[i] }
TEXT ·addConstAVX512(SB), NOSPLIT, $0-56
	CONSTANT(VADDPD, 64, 8, Z4, Z0, Z1, Z2, Z3)

TEXT ·addConstAVX2(SB), NOSPLIT, $0-56
	CONSTANT(VADDPD, 32, 4, Y4, Y0, Y1, Y2, Y3)

// func ratioAVX512(z, x []float64, c float64)
//
//	for i := range z { z[i] = c / x[i] }
TEXT ·ratioAVX512(SB), NOSPLIT, $0-56
	CONSTANT(VDIVPD, 64, 8, Z4, Z0, Z1, Z2, Z3)

TEXT ·ratioAVX2(SB), NOSPLIT, $0-56
	CONSTANT(VDIVPD, 32, 4, Y4, Y0, Y1, Y2, Y3)

// func addScaledAVX512(z, x []float64, c float64)
//
//	for i := range z { z[i] += float64(c * x[i]) }
TEXT ·addScaledAVX512(SB), NOSPLIT, $0-56
	ADDSCALED(64, 8, Z4, Z0)

TEXT ·addScaledAVX2(SB), NOSPLIT, $0-56
	ADDSCALED(32, 4, Y4, Y0)

// func sqrtAVX512(z, x []float64, _ float64)
//
//	for i := range z { z[i] = math.Sqrt(x[i]) }
TEXT ·sqrtAVX512(SB), NOSPLIT, $0-56
	SQRT(64, 8, Z0)

TEXT ·sqrtAVX2(SB), NOSPLIT, $0-56
	SQRT(32, 4, Y0)

// func momentsAVX512(m, v, g []float64, c1, b2, c2 float64)
//
//	for i, d := range g {
//		m[i] += float64(c1 * (d - m[i]))
//		v[i] = float64(b2*v[i]) + float64(c2*float64(d*d))
//	}
TEXT ·momentsAVX512(SB), NOSPLIT, $0-96
	MOMENTS(64, 8, Z4, Z5, Z6, Z0, Z1, Z2)

TEXT ·momentsAVX2(SB), NOSPLIT, $0-96
	MOMENTS(32, 4, Y4, Y5, Y6, Y0, Y1, Y2)

// func descendAVX512(x, m, v []float64, s, r, eps float64)
//
//	for i := range x {
//		x[i] -= float64(s * (m[i] / (math.Sqrt(v[i])/r + eps)))
//	}
TEXT ·descendAVX512(SB), NOSPLIT, $0-96
	DESCEND(64, 8, Z4, Z5, Z6, Z0, Z1)

TEXT ·descendAVX2(SB), NOSPLIT, $0-96
	DESCEND(32, 4, Y4, Y5, Y6, Y0, Y1)
