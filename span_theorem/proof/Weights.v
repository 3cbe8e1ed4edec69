(** Weights of the monomials in the features: the weight dL occurs once in degrees up to d, none is larger. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Index.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Weights.
Variable L : nat.
Local Notation monomial := 'X_{1..#|{: index L}|}.
Implicit Types m : monomial.

(** The weight of a monomial in the features Y_lm, l <= L: the sum of the orders of its factors. *)
Definition weight m : int := \sum_i order (enum_val i) *+ m i.

(** N(w): how many monomials of degree at most d have the weight w. *)
Definition weight_count d (w : int) : nat :=
  #|[set m : 'X_{1..#|{: index L}| < d.+1} | weight m == w]|.

(** m_l = N(l) - N(l + 1): how often the irreducible representation l occurs in Sym^(<=d) of l' <= L. *)
Definition multiplicity d (l : nat) : int := (weight_count d l%:Z)%:Z - (weight_count d l.+1%:Z)%:Z.

Definition top_monomial d : monomial := (U_(enum_rank (top L)) *+ d)%MM.

Lemma weight_defect m : (L * mdeg m)%:Z - weight m = \sum_i (L%:Z - order (enum_val i)) *+ m i.
Proof.
rewrite PoszM mdegE -[X in _ * X]natz natr_sum mulr_sumr -sumrB; apply: eq_bigr => i _.
by rewrite mulr_natr mulrnBl.
Qed.

Lemma defect_ge0 m i : 0 <= (L%:Z - order (enum_val i)) *+ m i.
Proof. by rewrite mulrn_wge0 // subr_ge0 order_le. Qed.

(** No monomial of degree k has a weight above kL, ... *)
Lemma weight_le m : weight m <= (L * mdeg m)%:Z.
Proof. by rewrite -subr_ge0 weight_defect sumr_ge0 // => i _; apply: defect_ge0. Qed.

Lemma weight_top_monomial d : weight (top_monomial d) = (d * L)%:Z.
Proof.
rewrite /weight (bigD1 (enum_rank (top L))) //= big1 ?addr0 => [|i ti].
  by rewrite enum_rankK order_top mulmnE mnm1E eqxx muln1 -mulr_natr natz mulnC PoszM.
by rewrite mulmnE mnm1E eq_sym (negPf ti) muln0.
Qed.

(** ... and only the d-th power of Y_LL has the weight dL in degrees up to d. *)
Lemma weight_eq_top d m : (0 < L)%N -> (mdeg m <= d)%N -> weight m = (d * L)%:Z -> m = top_monomial d.
Proof.
move=> L0 md wm; have := weight_le m; rewrite wm lez_nat mulnC leq_pmul2l // => dm.
have {dm md} md : mdeg m = d by apply/eqP; rewrite eqn_leq md.
have /eqP := weight_defect m; rewrite wm md mulnC subrr eq_sym psumr_eq0 => [|i _]; last exact: defect_ge0.
move=> /allP zero; have off i : i != enum_rank (top L) -> m i = 0%N.
  move=> ti; have /zero := mem_index_enum i; rewrite /= mulrn_eq0 subr_eq0 => /orP[/eqP //|/eqP/esym/order_eq_top eq_t].
  by rewrite -eq_t enum_valK eqxx in ti.
apply/mnmP => i; rewrite mulmnE mnm1E; have [<-|ti] := eqVneq; last by rewrite muln0 off // eq_sym.
by rewrite muln1 -md mdegE (bigD1 (enum_rank (top L))) //= big1 ?addn0 // => j /off.
Qed.

Theorem weight_count_top d : (0 < L)%N -> weight_count d (d * L)%:Z = 1%N.
Proof.
move=> L0; have deg : (mdeg (top_monomial d) < d.+1)%N by rewrite mdegMn mdeg1 mul1n.
rewrite /weight_count (_ : [set _ | _] = [set BMultinom deg]) ?cards1 //; apply/setP => m; rewrite !inE.
apply/eqP/eqP => [wm|->]; last exact: weight_top_monomial.
by apply: val_inj; apply: weight_eq_top wm => //; rewrite -ltnS bmdeg.
Qed.

Theorem weight_count_above d w : (d * L)%:Z < w -> weight_count d w = 0%N.
Proof.
move=> dLw; apply/eqP; rewrite cards_eq0 -subset0; apply/subsetP => m; rewrite !inE => /eqP wm.
have := weight_le m; rewrite wm leNgt => /negP[]; apply: le_lt_trans dLw.
by rewrite lez_nat mulnC leq_mul2r -ltnS bmdeg orbT.
Qed.

(** The irreducible representation l = dL occurs once in Sym^(<=d), and none above it. *)
Theorem multiplicity_one d : (0 < L)%N -> multiplicity d (d * L) = 1.
Proof. by move=> L0; rewrite /multiplicity weight_count_top // weight_count_above // ltz_nat. Qed.

Theorem multiplicity_above d l : (d * L < l)%N -> multiplicity d l = 0.
Proof. by move=> dLl; rewrite /multiplicity !weight_count_above // ltz_nat // leqW. Qed.
End Weights.
