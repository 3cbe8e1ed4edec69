(** Highest-weight vectors: how many there are of every weight, and that weight dL has one. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Ladder Basis Derivation Degrees Index Weights Sl2.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section HighestWeight.
Variables (R : numFieldType) (L d : nat).
Local Notation A := {mpoly R[#|{: index L}|]}.
Implicit Types (p : A) (w : int).

(** The polynomials of degree at most d in the features, of weight w. *)
Definition weight_vector w p : Prop := (msize p <= d.+1)%N /\ H p = (2 * w)%:~R *: p.

(** Those that E annihilates: the multiplicity of the irreducible representation w is their dimension. *)
Definition highest_weight_vector w p : Prop := weight_vector w p /\ E p = 0.

Lemma mcoeff_H p m : (H p)@_m = (2 * weight m)%:~R * p@_m.
Proof.
have -> : H p = derivation (fun i => (2 * order (enum_val i))%:~R *: 'X_i) p.
  by apply: eq_bigr => i _; rewrite /weighed /var enum_valK.
rewrite mcoeff_derivation; congr (_ * _); rewrite /weight mulr_sumr rmorph_sum.
by apply: eq_bigr => i _; rewrite /= mulrnAr rmorphMn.
Qed.

Definition monomials w : seq 'X_{1..#|{: index L}|} :=
  [seq val m | m <- enum [set m : 'X_{1..#|{: index L}| < d.+1} | weight m == w]].

Lemma mem_monomials w m : (m \in monomials w) = (mdeg m < d.+1)%N && (weight m == w).
Proof.
apply/mapP/andP => [[k]|[deg_m wm]]; first by rewrite mem_enum inE => wk ->; rewrite bmdeg.
by exists (BMultinom deg_m); rewrite // mem_enum inE.
Qed.

Lemma weight_vectorP w p : weight_vector w p <-> {subset msupp p <= monomials w}.
Proof.
split=> [[deg_p Hp] m mp|sub].
  rewrite mem_monomials (leq_trans (msize_mdeg_lt mp)) //=.
  move: mp; rewrite mcoeff_msupp => /negPf nz; have /eqP := congr1 (mcoeff m) Hp.
  rewrite mcoeff_H mcoeffZ -subr_eq0 -mulrBl mulf_eq0 nz orbF.
  by rewrite -rmorphB intr_eq0 subr_eq0 => /eqP; lia.
split.
  by rewrite msizeE; apply/bigmax_leqP_seq => m /sub; rewrite mem_monomials => /andP[].
apply/mpolyP => m; rewrite mcoeff_H mcoeffZ.
have [/sub|/memN_msupp_eq0 ->] := boolP (m \in msupp p); last by rewrite !mulr0.
by rewrite mem_monomials => /andP[_ /eqP ->].
Qed.

Lemma weight_vector_basis w : exists B : 'I_(weight_count L d w) -> A, is_basis (weight_vector w) B.
Proof.
have [||B hB] := @monomial_basis R _ (monomials w) (weight_count L d w).
- by rewrite map_inj_uniq ?enum_uniq //; apply: val_inj.
- by rewrite size_map -cardE.
by exists B; apply: eq_is_basis hB => p; split=> /weight_vectorP.
Qed.

Lemma weight_cast w w' p : w = w' -> weight_vector w p -> weight_vector w' p.
Proof. by move=> ->. Qed.

Lemma weight_vector0 w : weight_vector w 0.
Proof. by apply/weight_vectorP => m; rewrite msupp0. Qed.

Lemma weight_vector_linear w a p q : weight_vector w p -> weight_vector w q -> weight_vector w (a *: p + q).
Proof.
case=> dp Hp [dq Hq]; split; first by rewrite degreeD ?degreeZ.
by rewrite linearP /= Hp Hq scalerDr !scalerA mulrC.
Qed.

Lemma weight_vector_above w p : (d * L)%:Z < w -> weight_vector w p -> p = 0.
Proof.
move=> w_large /weight_vectorP sub; apply/eqP; rewrite -msupp_eq0; case E : (msupp p) => [//|m s].
have := sub m; rewrite E inE eqxx => /(_ isT); have := weight_count_above w_large => /eqP.
by rewrite cards_eq0 => /eqP set0; rewrite /monomials set0 enum_set0.
Qed.

(** A derivation with values of degree one does not raise the degree. *)
Lemma degree_derivation (g : 'I_#|{: index L}| -> A) p :
  (forall i, (msize (g i) <= 2)%N) -> (msize p <= d.+1)%N -> (msize (derivation g p) <= d.+1)%N.
Proof.
move=> hg hp; apply: degree_sum => i _.
have : (msize p^`M(i) <= d)%N.
  rewrite msizeE; apply/bigmax_leqP_seq => m; rewrite mcoeff_msupp mcoeff_mderiv => nz _.
  have : (m + U_(i))%MM \in msupp p by rewrite mcoeff_msupp; apply: contraNneq nz => ->; rewrite mul0rn.
  by move=> /msize_mdeg_lt/leq_trans/(_ hp); rewrite mdegD mdeg1 addn1.
case: d => [|k hk]; last exact: (@degreeM _ _ _ _ 1 k (hg i) hk).
by rewrite leqn0 msize_poly_eq0 => /eqP ->; rewrite mulr0 msize0.
Qed.

Lemma degree_var a (t : index L) : (msize (a *: (var R t)) <= 2)%N.
Proof. by rewrite degreeZ // msizeX mdeg1. Qed.

Lemma E_weight w p : weight_vector w p -> weight_vector (w + 1) (E p).
Proof.
case=> dp Hp; split; first by apply: degree_derivation dp => i; apply: degree_var.
have /eqP := commutator_H_E p; rewrite subr_eq => /eqP ->.
by rewrite Hp linearZ /= -scalerDl pmulrn -rmorphD; congr (_%:~R *: _); lia.
Qed.

Lemma F_weight w p : weight_vector w p -> weight_vector (w - 1) (F p).
Proof.
case=> dp Hp; split; first by apply: degree_derivation dp => i; apply: degree_var.
have /eqP := commutator_H_F p; rewrite subr_eq => /eqP ->.
by rewrite Hp linearZ /= -scalerDl pmulrn -rmorphN -rmorphD; congr (_%:~R *: _); lia.
Qed.

(** E maps the vectors of weight l >= 0 onto those of weight l + 1. *)
Lemma E_onto (l : nat) q : weight_vector l.+1 q -> exists2 p, weight_vector l p & E p = q.
Proof.
move=> hq; have [large|small] := leqP (d * L) l.
  exists 0; first exact: weight_vector0.
  by rewrite linear0 (@weight_vector_above l.+1 q) // ltz_nat ltnS.
pose W n := weight_vector ((d * L)%:Z - n%:Z); pose c n : R := (2 * ((d * L)%:Z - n%:Z))%:~R.
have W_zero n : W n 0 := weight_vector0 _.
have W_linear n a p r : W n p -> W n r -> W n (a *: p + r) := @weight_vector_linear _ _ _ _.
have W_up n p : W n p -> W n.+1 ([linear of @F R L] p) by move=> /F_weight; apply: weight_cast; lia.
have W_down n p : W n.+1 p -> W n ([linear of @E R L] p) by move=> /E_weight; apply: weight_cast; lia.
have bottom p : W 0%N p -> [linear of @E R L] p = 0 by move=> /E_weight; apply: weight_vector_above; lia.
have commute n p : W n p -> E (F p) = F (E p) + c n *: p.
  by case=> _ Hp; have /eqP := commutator_E_F p; rewrite subr_eq Hp addrC => /eqP.
have [||p hp <-] := down_onto W_zero W_linear W_up W_down bottom commute (n := (d * L - l.+1)%N) (g := q).
- by move=> k hk; rewrite ltr0z; lia.
- by apply: weight_cast hq; lia.
by exists p => //; apply: weight_cast hp; lia.
Qed.

(** The multiplicity of the irreducible representation l in the polynomials of degree at most d is N(l) - N(l+1). *)
Theorem multiplicity_dimension (l : nat) : exists k (B : 'I_k -> A),
  is_basis (highest_weight_vector l) B /\ k%:Z = multiplicity L d l.
Proof.
have [B hB] := weight_vector_basis l; have [C hC] := weight_vector_basis l.+1.
have [|||k [D [hD eq_k]]] := kernel_basis (phi := [linear of @E R L]) (weight_vector0 _) (weight_vector0 _) _ hB hC.
- exact: weight_vector_linear.
- by move=> p /E_weight; apply: weight_cast; lia.
- exact: E_onto.
by exists k, D; split=> //; rewrite /multiplicity -eq_k PoszD addrK.
Qed.

(** The highest-weight vectors of weight dL are the multiples of the d-th power of Y_LL. *)
Theorem highest_weight_top : (0 < L)%N ->
  is_basis (highest_weight_vector (d * L)%:Z) (fun _ : 'I_1 => var R (top L) ^+ d).
Proof.
move=> L0; have [k [B [hB]]] := multiplicity_dimension (d * L); rewrite multiplicity_one // => -[k1].
rewrite {}k1 in B hB; have E0 : E (var R (top L)) = 0 by rewrite E_var /raised /= subnn scale0r.
have -> : var R (top L) ^+ d = 'X_[top_monomial L d] by rewrite -mpolyXn.
apply: free_is_basis hB _ _ => [_|c].
  split; last first.
    rewrite -mpolyXn; elim: (d) => [|j IH].
      by rewrite expr0 [E _]big1 // => i _; rewrite (mderivC i 1) mulr0.
    by rewrite exprS [E _]derivationM -/(E _) -/(E _) IH E0 mul0r mulr0 addr0.
  apply/weight_vectorP => m; rewrite msuppX inE => /eqP ->; rewrite mem_monomials weight_top_monomial eqxx.
  by rewrite mdegMn mdeg1 mul1n leqnn.
move/(congr1 (mcoeff (top_monomial L d))); rewrite /lin big_ord1 mcoeffZ mcoeffX eqxx mulr1 mcoeff0 => c0.
by apply/rowP => i; rewrite ord1 c0 mxE.
Qed.

(** There are none of larger weight. *)
Theorem highest_weight_above w p : (d * L)%:Z < w -> highest_weight_vector w p -> p = 0.
Proof. by move=> dLw [/weight_vector_above -> ]. Qed.
End HighestWeight.
