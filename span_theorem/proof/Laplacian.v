(** The Laplacian of polynomials in three variables, and its commutation with the multiplication by r^2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Derivation.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The coordinates x, y, z. *)
Definition ix : 'I_3 := @Ordinal 3 0 isT.
Definition iy : 'I_3 := @Ordinal 3 1 isT.
Definition iz : 'I_3 := @Ordinal 3 2 isT.

Lemma big_xyz (T : Type) (idx : T) (op : Monoid.law idx) (F : 'I_3 -> T) :
  \big[op/idx]_(i < 3) F i = op (F ix) (op (F iy) (F iz)).
Proof.
rewrite !big_ord_recl big_ord0 Monoid.mulm1.
by congr (op (F _) (op (F _) (F _))); apply: val_inj.
Qed.

Section Degrees.
Variables (R : comRingType) (n : nat).
Implicit Types (p : {mpoly R[n]}) (i : 'I_n).

Lemma mderiv_homog d p i : p \is d.-homog -> p^`M(i) \is d.-1.-homog.
Proof.
move=> /dhomogP hp; apply/dhomogP => m; rewrite mcoeff_msupp mcoeff_mderiv => nz.
have/hp <- /= : (m + U_(i))%MM \in msupp p.
  by rewrite mcoeff_msupp; apply: contraNneq nz => ->; rewrite mul0rn.
by rewrite mdegD mdeg1 addn1.
Qed.

Lemma mderiv_homog0 p i : p \is 0.-homog -> p^`M(i) = 0.
Proof.
move=> /dhomogP hp; apply/mpolyP => m; rewrite mcoeff_mderiv mcoeff0.
case: (boolP ((m + U_(i))%MM \in msupp p)) => [/hp/=/eqP | /memN_msupp_eq0 -> //]; last by rewrite mul0rn.
by rewrite mdegD mdeg1 addn1.
Qed.
End Degrees.

Section Laplacian.
Variable R : comRingType.
Implicit Types p q : {mpoly R[3]}.

Definition laplacian p : {mpoly R[3]} := \sum_(i < 3) (p^`M(i))^`M(i).
Definition r2 : {mpoly R[3]} := \sum_(i < 3) 'X_i ^+ 2.

Lemma laplacian_is_linear : linear laplacian.
Proof.
move=> a p q; rewrite /laplacian scaler_sumr -big_split /=.
by apply: eq_bigr => i _; rewrite !(mderivD, mderivZ).
Qed.
Canonical laplacian_additive := Additive laplacian_is_linear.
Canonical laplacian_linear := Linear laplacian_is_linear.

Definition times_r2 p : {mpoly R[3]} := r2 * p.
Lemma times_r2_is_linear : linear times_r2.
Proof. by move=> a p q; rewrite /times_r2 mulrDr scalerAr. Qed.
Canonical times_r2_additive := Additive times_r2_is_linear.
Canonical times_r2_linear := Linear times_r2_is_linear.

Lemma r2_homog : r2 \is 2.-homog.
Proof. by apply: rpred_sum => i _; apply: (@dhomogMn _ _ _ 1 _ 2); rewrite dhomogX /= mdeg1. Qed.

Lemma times_r2_homog d p : p \is d.-homog -> times_r2 p \is d.+2.-homog.
Proof. by exact: (dhomogM r2_homog). Qed.

Lemma laplacian_homog d p : p \is d.-homog -> laplacian p \is d.-2.-homog.
Proof. by move=> hp; apply: rpred_sum => i _; rewrite -[d.-2]/(d.-1.-1); do 2!apply: mderiv_homog. Qed.

Lemma laplacian_low d p : (d < 2)%N -> p \is d.-homog -> laplacian p = 0.
Proof.
move=> d2 hp; apply: big1 => i _; apply: mderiv_homog0.
by have := mderiv_homog i hp; case: d d2 {hp} => [|[|]].
Qed.

Lemma mderiv_r2 i : r2^`M(i) = 2%:R *: 'X_i.
Proof.
rewrite /r2 linear_sum (bigD1 i) //= big1 ?addr0 => [|j ji].
  by rewrite expr2 mderivM mderiv_var eqxx mul1r mulr1 scaler_nat mulr2n.
by rewrite expr2 mderivM mderiv_var (negPf ji) mul0r mulr0 addr0.
Qed.

(** Leibniz' rule for the Laplacian. *)
Lemma laplacianM p q :
  laplacian (p * q) = laplacian p * q + p * laplacian q + 2%:R *: \sum_i p^`M(i) * q^`M(i).
Proof.
rewrite /laplacian mulr_suml mulr_sumr scaler_sumr -!big_split /=; apply: eq_bigr => i _.
rewrite mderivM mderivD !mderivM scaler_nat mulr2n.
by rewrite -!addrA; congr (_ + _); rewrite [RHS]addrC addrA addrAC -!addrA.
Qed.

Lemma laplacian_r2 : laplacian r2 = 6%:R.
Proof.
rewrite /laplacian (eq_bigr (fun=> 2%:R))  => [|i _]; first by rewrite sumr_const card_ord -mulrnA.
by rewrite mderiv_r2 mderivZ mderiv_var eqxx scaler_nat.
Qed.

Lemma laplacian_times_r2 d p : p \is d.-homog ->
  laplacian (times_r2 p) = times_r2 (laplacian p) + (4 * d + 6)%:R *: p.
Proof.
move=> hp; rewrite /times_r2 laplacianM laplacian_r2 addrAC addrC; congr (_ + _).
rewrite (eq_bigr (fun i => 2%:R *: ('X_i * p^`M(i)))) => [|i _]; last by rewrite mderiv_r2 scalerAl.
rewrite -scaler_sumr (euler hp) !scalerA -!natrM [6%:R * p]mulr_natl -scaler_nat -scalerDl.
by rewrite -natrD addnC.
Qed.
End Laplacian.
