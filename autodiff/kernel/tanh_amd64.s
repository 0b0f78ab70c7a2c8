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

// Tanh of a vector in three parts. The names are those of Tanh, reduceExp and expRest in package
// elementary, whose lines these are one by one. Only 1023, the bias of the exponent, is added
// with roundMagic.

// For x at an address: s = pow2(k), rh and rl.
#define REDUCE(at, s, rh, rl) \
	VMOVUPD K(1), rh        \ // y = max(-2|x|, -40) in rh
	VORPD (at), rh, rh      \
	VADDPD rh, rh, rh       \
	VMOVUPD K(2), s         \
	VMAXPD rh, s, rh        \
	VMOVUPD K(3), s         \ // reduceExp: n in rl
	VFMADD213PD K(4), rh, s \
	VSUBPD K(4), s, rl      \
	VPSLLQ $52, s, s        \
	VFNMADD231PD K(5), rl, rh\
	VMULPD K(6), rl, rl

// expRest: p from rh and rl. rl does not stay.
#define REST(rh, rl, p, r, r2, r4, p4, p8) \
	VSUBPD rl, rh, r        \
	VSUBPD r, rh, p         \
	VMULPD r, r, r2         \
	VSUBPD rl, p, p         \
	VMULPD r2, r2, r4       \
	VFMSUB213PD rl, r, p    \
	VMOVUPD K(16), p8       \
	VFMADD213PD K(15), r, p8\
	VMOVUPD K(14), rl       \ // p6 in rl
	VFMADD213PD K(13), r, rl\
	VMOVUPD K(12), p4       \
	VFMADD213PD K(11), r, p4\
	VFMADD231PD K(17), r2, p8\
	VFMADD231PD rl, r2, p4  \
	VMOVUPD K(10), rl       \ // p2 in rl
	VFMADD213PD K(9), r, rl \
	VFMADD231PD p8, r4, p4  \
	VMOVUPD K(8), p8        \ // p0 in p8
	VFMADD213PD K(7), r, p8 \
	VFMADD231PD rl, r2, p8  \
	VFMADD231PD p4, r4, p8  \
	VFMADD231PD p8, r2, p

// The rest of Tanh from s, rh and p, which do not stay.
#define QUOTIENT(s, rh, p, l, t, u) \
	VSUBPD K(18), s, l      \ // a in l
	VMOVAPD l, t            \
	VFMADD231PD rh, s, t    \
	VADDPD K(18), l, u      \
	VSUBPD t, l, l          \
	VSUBPD u, s, u          \
	VFMADD231PD rh, s, l    \
	VADDPD u, l, l          \
	VFMADD231PD p, s, l     \
	VADDPD l, t, rh         \ // h in rh
	VSUBPD rh, t, t         \
	VADDPD K(19), rh, s     \ // d in s, v in p, dl in u
	VMOVUPD K(18), p        \
	VDIVPD s, p, p          \
	VADDPD t, l, l          \
	VSUBPD K(19), s, u      \
	VSUBPD u, rh, u         \
	VADDPD l, u, u          \
	VMULPD p, rh, t         \ // q in t
	VFNMADD231PD s, t, rh   \ // rem in rh
	VFNMADD231PD u, t, l    \
	VADDPD l, rh, rh        \
	VFMADD231PD p, rh, t    \
	VMOVUPD K(0), s

// z[i] = Tanh(x[i]) for R12 numbers in vectors of w bytes and l numbers. The first parts of
// the next vector stand beside the last part of this one, because they are long chains of
// operations that wait for each other. After the last vector the next one is itself.
#define TANH(SIGN, w, n, s, rh, p, l, t, u, s1, rh1, p1, rl, r, r2, r4, p4, p8) \
	MOVQ z_base+0(FP), DI   \
	MOVQ z_len+8(FP), R12   \
	MOVQ x_base+24(FP), SI  \
	MOVQ ·tanhTable(SB), R8 \
	REDUCE(SI, s, rh, rl)   \
	REST(rh, rl, p, r, r2, r4, p4, p8)\
loop:                    \
	LEAQ w(SI), AX          \
	CMPQ R12, $n            \
	CMOVQEQ SI, AX          \
	REDUCE(AX, s1, rh1, rl) \
	QUOTIENT(s, rh, p, l, t, u)\
	SIGN(s, t, (SI))        \
	VMOVUPD s, (DI)         \
	REST(rh1, rl, p1, r, r2, r4, p4, p8)\
	VMOVAPD s1, s           \
	VMOVAPD rh1, rh         \
	VMOVAPD p1, p           \
	MOVQ AX, SI             \
	ADDQ $w, DI             \
	SUBQ $n, R12            \
	JNZ  loop               \
	VZEROUPPER              \
	RET

// func tanhAVX512(z, x []float64, _ float64)
//
//	for i := range z { z[i] = Tanh(x[i]) } // len(z) a multiple of 8, not 0
TEXT ·tanhAVX512(SB), NOSPLIT, $0-56
	TANH(SIGN512, 64, 8, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14)

// func tanhAVX2(z, x []float64, _ float64)
//
//	for i := range z { z[i] = Tanh(x[i]) } // len(z) a multiple of 4, not 0
TEXT ·tanhAVX2(SB), NOSPLIT, $0-56
	TANH(SIGN256, 32, 4, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14)
