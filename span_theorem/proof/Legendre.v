(** The Legendre polynomials by Rodrigues' formula, and the recurrence of the coefficients of their derivatives. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Legendre.
Variable R : numFieldType.
Implicit Types l m k s : nat.

Definition rodrigues l : {poly R} := ('X^2 - 1) ^+ l.

(** P_l = (1 / (2^l l!)) d^l/dz^l (z^2 - 1)^l, and its m-th derivative. *)
Definition legendre l : {poly R} := (2 ^ l * l`!)%:R^-1 *: (rodrigues l)^`(l).
Definition legendre_derivative l m : {poly R} := (legendre l)^`(m).

Lemma rodrigues_ode l : ('X^2 - 1) * (rodrigues l)^`() = ('X * rodrigues l) *+ (2 * l).
Proof.
rewrite /rodrigues; case: l => [|l]; first by rewrite expr0 derivC mulr0 muln0 mulr0n.
rewrite deriv_exp derivB derivXn derivC subr0 /= expr1.
by rewrite !mulrnAr mulrnAl mulrnAr mulrCA -exprS -mulrnA.
Qed.

Lemma rodrigues_recurrence l s :
  s.+2%:R * (rodrigues l)`_s.+2 = (s%:R - (2 * l)%:R) * (rodrigues l)`_s.
Proof.
rewrite mulrBl !mulr_natl; have := congr1 (fun p : {poly R} => p`_s.+1) (rodrigues_ode l).
rewrite mulrBl mul1r coefB coefMn coefXM coefXnM /= subn2 !coef_deriv.
by case: s => [|s] /= <-; rewrite ?mulr0n opprB addrC subrK.
Qed.

Lemma rodrigues_odd l s : odd s -> (rodrigues l)`_s = 0.
Proof.
have step t : (rodrigues l)`_t = 0 -> (rodrigues l)`_t.+2 = 0.
  by move=> t0; have /eqP := rodrigues_recurrence l t; rewrite t0 mulr0 mulf_eq0 pnatr_eq0 => /eqP.
have one : (rodrigues l)`_1 = 0.
  have := congr1 (fun p : {poly R} => p`_0) (rodrigues_ode l).
  rewrite mulrBl mul1r coefB coefMn coefXM coefXnM /= coef_deriv mul0rn sub0r => /eqP.
  by rewrite oppr_eq0 => /eqP.
move=> odd_s; rewrite -(odd_double_half s) odd_s; elim: (s./2) => [|j IH] //.
by rewrite doubleS !addnS; apply: step.
Qed.

Lemma rodrigues_monic l : rodrigues l \is monic.
Proof. by apply: monic_exp; apply: monic_Xn_sub_1. Qed.

Lemma size_rodrigues l : size (rodrigues l) = (2 * l).+1.
Proof.
have := size_exp ('X^2 - 1 : {poly R}) l; rewrite size_Xn_sub_1 //= => <-.
by rewrite prednK // lt0n size_poly_eq0 monic_neq0 ?rodrigues_monic.
Qed.

Lemma legendre_derivativeE l m k : (legendre_derivative l m)`_k =
  (2 ^ l * l`!)%:R^-1 * ((rodrigues l)`_(k + (l + m)) *+ (k + (l + m)) ^_ (l + m)).
Proof.
rewrite /legendre_derivative /legendre derivnZ coefZ; congr (_ * _).
have -> : (rodrigues l)^`(l)^`(m) = (rodrigues l)^`(l + m) by rewrite addnC /derivn iterD.
by rewrite coef_derivn addnC.
Qed.

(** Of the parity of l - m, ... *)
Lemma legendre_parity l m k : (m <= l)%N -> odd k != odd (l - m) -> (legendre_derivative l m)`_k = 0.
Proof.
move=> ml par; rewrite legendre_derivativeE rodrigues_odd ?mul0rn ?mulr0 //.
by move: par; rewrite oddB // !oddD; case: (odd k); case: (odd l); case: (odd m).
Qed.

(** ... of degree l - m, ... *)
Lemma legendre_degree l m k : (l - m < k)%N -> (legendre_derivative l m)`_k = 0.
Proof.
move=> lmk; rewrite legendre_derivativeE nth_default ?mul0rn ?mulr0 // size_rodrigues; lia.
Qed.

Lemma legendre_lead l m : (m <= l)%N -> (legendre_derivative l m)`_(l - m) != 0.
Proof.
move=> ml; rewrite legendre_derivativeE mulf_neq0 //.
  by rewrite invr_eq0 pnatr_eq0 muln_eq0 expn_eq0 /= -lt0n fact_gt0.
rewrite (_ : l - m + (l + m) = 2 * l)%N; last lia.
have /monicP := rodrigues_monic l; rewrite lead_coefE size_rodrigues /= => ->.
by rewrite pnatr_eq0 -lt0n ffact_gt0; lia.
Qed.

(** ... and its coefficients satisfy the recurrence that Legendre's equation gives. *)
Lemma legendre_recurrence l m k : (m <= l)%N ->
  (k.+2 * k.+1)%:R * (legendre_derivative l m)`_k.+2 =
  (k%:R - (l - m)%:R) * (k + l + m).+1%:R * (legendre_derivative l m)`_k.
Proof.
move=> ml; rewrite !legendre_derivativeE mulrCA [RHS]mulrCA; congr (_ * _).
rewrite !addSn -addnA; set e := (l + m)%N; set s := (k + e)%N.
rewrite -(mulr_natl (rodrigues l)`_s.+2) -(mulr_natl (rodrigues l)`_s).
have falling : (k.+2 * k.+1 * s.+2 ^_ e = s.+1 * s ^_ e * s.+2)%N.
  have fact t : (e <= t)%N -> (t ^_ e * (t - e)`! = t`!)%N by apply: ffact_fact.
  apply/eqP; rewrite -(eqn_pmul2r (fact_gt0 k)); apply/eqP.
  have eq_s := fact s (leq_addl _ _); have := fact s.+2 (leqW (leqW (leq_addl _ _))).
  rewrite !factS -eq_s /s addnK -!addSn addnK !factS.
  by move: (_ ^_ e) (_ ^_ e) k`! => a b c; lia.
rewrite mulrA -natrM falling natrM -mulrA rodrigues_recurrence mulrA natrM.
have -> : s%:R - (2 * l)%:R = k%:R - (l - m)%:R :> R.
  by apply/eqP; rewrite subr_eq addrAC eq_sym subr_eq -!natrD eqr_nat; apply/eqP; lia.
by set x := _ - _; rewrite mulrA [_ * x]mulrC mulrA.
Qed.
End Legendre.
