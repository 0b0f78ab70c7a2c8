//go:build !purego

#include "textflag.h"

// Constant i of the table at R8.
#define K(i) (64*i)(R8)

// t takes the bits of q where it has ones, and those of x where it has zeros.
#define SIGN512(t, q, x) \
	VPTERNLOGQ $0xca, x, q, t

#define SIGN256(t, q, x) \
	VANDPD t, q, q          \
	VANDNPD x, t, t         \
	VORPD t, q, t

// z[i] = Tanh(x[i]) for R12 numbers in vectors of w bytes and l numbers. The names are
// those of Tanh, reduceExp and expRest in package elementary, whose lines these are one by
// one. Only 1023, the bias of the exponent, is added with roundMagic.
#define TANH(SIGN, w, l, x, y, t, s, rh, rl, r, e, r2, r4, p0, p2, p4, p6, p8, q) \
	MOVQ z_base+0(FP), DI   \
	MOVQ z_len+8(FP), R12   \
	MOVQ x_base+24(FP), SI  \
	MOVQ ·tanhTable(SB), R8 \
loop: \
	VMOVUPD (SI), x         \ // y = max(-2|x|, -40)
	VORPD K(1), x, y        \
	VADDPD y, y, y          \
	VMOVUPD K(2), t         \
	VMAXPD y, t, y          \
	VMOVUPD K(3), t         \ // reduceExp, n in r, and s = pow2(k)
	VFMADD213PD K(4), y, t  \
	VSUBPD K(4), t, r       \
	VPSLLQ $52, t, s        \
	VMOVAPD y, rh           \
	VFNMADD231PD K(5), r, rh \
	VMULPD K(6), r, rl      \
	VSUBPD rl, rh, r        \ // expRest, p in e
	VSUBPD r, rh, e         \
	VSUBPD rl, e, e         \
	VMULPD r, r, r2         \
	VMULPD r2, r2, r4       \
	VMOVUPD K(8), p0        \
	VFMADD213PD K(7), r, p0 \
	VMOVUPD K(10), p2       \
	VFMADD213PD K(9), r, p2 \
	VMOVUPD K(12), p4       \
	VFMADD213PD K(11), r, p4 \
	VMOVUPD K(14), p6       \
	VFMADD213PD K(13), r, p6 \
	VMOVUPD K(16), p8       \
	VFMADD213PD K(15), r, p8 \
	VFMADD231PD p2, r2, p0  \
	VFMADD231PD p6, r2, p4  \
	VFMADD231PD K(17), r2, p8 \
	VFMADD231PD p8, r4, p4  \
	VFMADD231PD p4, r4, p0  \
	VFMSUB213PD rl, r, e    \
	VFMADD231PD p0, r2, e   \
	VSUBPD K(18), s, r      \ // a in r, l in r4, h in r2
	VMOVAPD r, t            \
	VFMADD231PD rh, s, t    \
	VSUBPD t, r, r4         \
	VFMADD231PD rh, s, r4   \
	VADDPD K(18), r, p0     \
	VSUBPD p0, s, p0        \
	VADDPD p0, r4, r4       \
	VFMADD231PD e, s, r4    \
	VADDPD r4, t, r2        \
	VSUBPD r2, t, p0        \
	VADDPD p0, r4, r4       \
	VADDPD K(19), r2, p2    \ // d in p2, dl in p4, v in p0
	VSUBPD K(19), p2, p4    \
	VSUBPD p4, r2, p4       \
	VADDPD r4, p4, p4       \
	VMOVUPD K(18), p0       \
	VDIVPD p2, p0, p0       \
	VMULPD p0, r2, q        \
	VFNMADD231PD p2, q, r2  \ // rem in r2
	VFNMADD231PD p4, q, r4  \
	VADDPD r4, r2, r2       \
	VFMADD231PD p0, r2, q   \
	VMOVUPD K(0), t         \
	SIGN(t, q, x)           \
	VMOVUPD t, (DI)         \
	ADDQ $w, SI             \
	ADDQ $w, DI             \
	SUBQ $l, R12            \
	JNZ  loop               \
	VZEROUPPER              \
	RET

// func tanhAVX512(z, x []float64, _ float64)
//
//	for i := range z { z[i] = Tanh(x[i]) } // len(z) a multiple of 8, not 0
TEXT ·tanhAVX512(SB), NOSPLIT, $0-56
	TANH(SIGN512, 64, 8, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)

// func tanhAVX2(z, x []float64, _ float64)
//
//	for i := range z { z[i] = Tanh(x[i]) } // len(z) a multiple of 4, not 0
TEXT ·tanhAVX2(SB), NOSPLIT, $0-56
	TANH(SIGN256, 32, 4, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15)
