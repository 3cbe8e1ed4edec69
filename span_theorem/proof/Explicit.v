(** The real spherical harmonics written out: real and imaginary part of (x + iy)^m times the polynomial that is the
    m-th derivative of P_l(z) on the sphere. They are a basis of the harmonics of degree l. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Basis Derivation Laplacian Fischer Sphere Dimension Legendre.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** Eigenvectors of different eigenvalues are independent. *)
Lemma eigenvectors_independent (K : fieldType) (V : lmodType K) (T : {linear V -> V}) (e : nat -> K) (v : nat -> V) :
  injective e -> (forall k, T (v k) = e k *: v k) ->
  forall n, \sum_(k < n) v k = 0 -> forall k, (k < n)%N -> v k = 0.
Proof.
move=> e_inj; elim/ltn_ind: {-2}_ => // _ _ ev n; move: v ev; elim: n => // n IH v ev.
Abort.

Section Explicit.
Variable R : rcfType.
Local Notation P := {mpoly R[3]}.
Implicit Types (p : P) (v : 'I_3 -> R).

(** Real and imaginary part of (x + iy)^m. *)
Fixpoint re_im m : P * P :=
  if m is k.+1 then ('X_ix * (re_im k).1 - 'X_iy * (re_im k).2, 'X_ix * (re_im k).2 + 'X_iy * (re_im k).1) else (1, 0).
Definition re m : P := (re_im m).1.
Definition im m : P := (re_im m).2.

Lemma reS m : re m.+1 = 'X_ix * re m - 'X_iy * im m. Proof. by []. Qed.
Lemma imS m : im m.+1 = 'X_ix * im m + 'X_iy * re m. Proof. by []. Qed.

(** The homogeneous polynomial of degree n in z and r that is q(z) on the sphere. *)
Definition zonal n (q : {poly R}) : P := \sum_(j < n./2.+1) q`_(n - j.*2) *: ('X_iz ^+ (n - j.*2) * r2 R ^+ j).

(** Y_(l,m) for m = i - l: the real part for m >= 0, the imaginary part for m < 0. *)
Definition Y l (i : 'I_(2 * l + 1)) : P :=
  if (i < l)%N then im (l - i) * zonal i (legendre_derivative R l (l - i))
  else re (i - l) * zonal (2 * l - i) (legendre_derivative R l (i - l)).

Lemma mderiv_re_im m :
  [/\ (re m)^`M(ix) = m%:R *: re m.-1, (re m)^`M(iy) = - (m%:R *: im m.-1), (re m)^`M(iz) = 0 &
   [/\ (im m)^`M(ix) = m%:R *: im m.-1, (im m)^`M(iy) = m%:R *: re m.-1 & (im m)^`M(iz) = 0]].
Proof.
elim: m => [|m [rx ry rz [ux uy uz]]].
  by rewrite /re /im /= !(mderivC _ 1) !mderiv0 !scale0r oppr0.
rewrite reS imS !(mderivB, mderivD, mderivM, mderiv_var) /= rx ry rz ux uy uz !(mul0r, mulr0, mul1r, addr0, add0r, subr0).
case: m {rx ry rz ux uy uz} => [|m] /=.
  by rewrite /re /im /= !scale0r !(mulr0, addr0, oppr0, subr0, sub0r, scale1r).
Abort.
End Explicit.
