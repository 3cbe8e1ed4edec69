(** Bases of a space of vectors given by a predicate: their size, and the dimension of a kernel. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Combinations.
Variables (K : fieldType) (V : lmodType K).
Implicit Types (S : V -> Prop) (p : V).

(** The linear combination of the vectors B with coefficients c. *)
Definition lin n (B : 'I_n -> V) (c : 'rV[K]_n) : V := \sum_i c 0 i *: B i.

(** B is a basis of the space of the vectors p with S p. *)
Definition is_basis S n (B : 'I_n -> V) : Prop :=
  (forall i, S (B i)) /\ (forall p, S p -> exists! c : 'rV[K]_n, p = lin B c).

Lemma lin_is_linear n (B : 'I_n -> V) : linear (lin B).
Proof.
move=> a c c'; rewrite /lin scaler_sumr -big_split; apply: eq_bigr => i _.
by rewrite !mxE scalerDl scalerA.
Qed.
Canonical lin_additive n B := Additive (@lin_is_linear n B).
Canonical lin_linear n B := Linear (@lin_is_linear n B).

Lemma lin_mul n m (c : 'rV[K]_n) (M : 'M_(n, m)) B : lin B (c *m M) = lin (fun i => lin B (row i M)) c.
Proof. by rewrite mulmx_sum_row linear_sum; apply: eq_bigr => i _; rewrite linearZ. Qed.

Lemma lin_delta n (B : 'I_n -> V) i : lin B (delta_mx 0 i) = B i.
Proof.
rewrite /lin (bigD1 i) //= mxE !eqxx scale1r big1 ?addr0 // => j ji.
by rewrite mxE (negPf ji) andbF scale0r.
Qed.

Lemma eq_lin n (c : 'rV[K]_n) (B B' : 'I_n -> V) : (forall i, B i = B' i) -> lin B c = lin B' c.
Proof. by move=> eqB; apply: eq_bigr => i _; rewrite eqB. Qed.

Lemma eq_is_basis S T n (B : 'I_n -> V) : (forall p, S p <-> T p) -> is_basis S B -> is_basis T B.
Proof. by move=> ST [SB spans]; split=> [i|p /ST]; [apply/ST | apply: spans]. Qed.

Section Coordinates.
Variables (S : V -> Prop) (n : nat) (B : 'I_n -> V).
Hypothesis basisB : is_basis S B.

Lemma basis_free c : S 0 -> lin B c = 0 -> c = 0.
Proof.
move=> S0 c0; have [c' [_ unique]] := basisB.2 0 S0.
by rewrite -(unique c) ?c0 // -(unique 0) // linear0.
Qed.

Lemma basis_matrix m (D : 'I_m -> V) : (forall i, S (D i)) -> exists M : 'M_(m, n), forall c, lin D c = lin B (c *m M).
Proof.
move=> SD; have ex i : exists c : 'rV_n, D i == lin B c by have [c [/eqP]] := basisB.2 _ (SD i); exists c.
exists (\matrix_i xchoose (ex i)) => c; rewrite lin_mul; apply: eq_lin => i.
by rewrite rowK; exact: (eqP (xchooseP (ex i))).
Qed.
End Coordinates.

(** Two bases of a space have the same size. *)
Lemma basis_size S n m (B : 'I_n -> V) (D : 'I_m -> V) : S 0 -> is_basis S B -> is_basis S D -> n = m.
Proof.
move=> S0; suff le k l (E : 'I_k -> V) (F : 'I_l -> V) : is_basis S E -> is_basis S F -> (k <= l)%N.
  by move=> hB hD; apply/eqP; rewrite eqn_leq (le _ _ _ _ hB hD) (le _ _ _ _ hD hB).
move=> hE hF; have [M hM] := basis_matrix hF hE.1; have [N hN] := basis_matrix hE hF.1.
apply: (@mulmx1_min _ _ _ M N); apply/row_matrixP => i; rewrite !rowE.
apply/eqP; rewrite -subr_eq0; apply/eqP/(basis_free hE S0).
by rewrite linearB /= mulmxA -hN -hM mulmx1 subrr.
Qed.

(** As many independent vectors as a basis has are a basis. *)
Lemma free_is_basis S n (B D : 'I_n -> V) : is_basis S B -> (forall i, S (D i)) ->
  (forall c, lin D c = 0 -> c = 0) -> is_basis S D.
Proof.
move=> hB SD free_D; have [M hM] := basis_matrix hB SD; split=> // p /hB.2[c [-> _]].
have unitM : M \in unitmx.
  rewrite -row_free_unit -kermx_eq0; apply/eqP/row_matrixP => i; rewrite row0.
  by apply: free_D; rewrite hM -row_mul mulmx_ker row0 linear0.
exists (c *m invmx M); split=> [|d eq_d]; first by rewrite hM mulmxKV.
by apply/eqP; rewrite -subr_eq0; apply/eqP/free_D; rewrite linearB /= -eq_d hM mulmxKV ?subrr.
Qed.
End Combinations.

(** Rank and nullity: if phi maps S onto T, the dimension of its kernel is the difference of the dimensions. *)
Lemma kernel_basis (K : fieldType) (V V' : lmodType K) (phi : {linear V -> V'}) (S : V -> Prop) (T : V' -> Prop)
    n m (B : 'I_n -> V) (C : 'I_m -> V') :
  S 0 -> T 0 -> (forall a p q, S p -> S q -> S (a *: p + q)) -> is_basis S B -> is_basis T C ->
  (forall p, S p -> T (phi p)) -> (forall q, T q -> exists2 p, S p & phi p = q) ->
  exists k (D : 'I_k -> V), is_basis (fun p => S p /\ phi p = 0) D /\ (k + m = n)%N.
Proof.
move=> S0 T0 S_linear hB hC into onto.
have [M hM] := basis_matrix hC (fun i => into _ (hB.1 i)).
have phi_lin c : phi (lin B c) = lin C (c *m M).
  by rewrite -hM linear_sum; apply: eq_bigr => i _; rewrite linearZ.
have S_lin l (c : 'rV_l) (E : 'I_l -> V) : (forall i, S (E i)) -> S (lin E c).
  by move=> SE; rewrite /lin; elim/big_rec: _ => // i p _; apply: S_linear.
have fullM : row_full M.
  rewrite -sub1mx; apply/row_subP => j; rewrite row1.
  have [p /hB.2[c [-> _]] eq_j] := onto _ (hC.1 j); apply/submxP; exists c.
  apply/eqP; rewrite -subr_eq0; apply/eqP/(basis_free hC T0).
  by rewrite linearB /= -phi_lin eq_j lin_delta subrr.
pose N := row_base (kermx M); exists _, (fun k => lin B (row k N)); split; last first.
  by rewrite mxrank_ker (eqP fullM) subnK // -(eqP fullM) rank_leq_row.
have kerN c : c *m N *m M = 0.
  by apply/sub_kermxP; rewrite mulmx_sub // eq_row_base.
split=> [k|p [/hB.2[c [-> _]]]].
  by split; [apply: S_lin; apply: hB.1 | rewrite phi_lin rowE kerN linear0].
rewrite phi_lin => /(basis_free hC T0)/sub_kermxP; rewrite -(eq_row_base (kermx M)) => /submxP[d ->].
exists d; split=> [|d']; first by rewrite lin_mul.
rewrite -lin_mul => /eqP; rewrite -subr_eq0 -linearB -mulmxBl => /eqP/(basis_free hB S0)/eqP.
by rewrite mulmx_free_eq0 ?row_base_free // subr_eq0 => /eqP.
Qed.

(** The polynomials whose monomials are in a list have these monomials as a basis. *)
Lemma monomial_basis (K : fieldType) n (s : seq 'X_{1..n}) k : uniq s -> size s = k ->
  exists B : 'I_k -> {mpoly K[n]}, is_basis (fun p => {subset msupp p <= s}) B.
Proof.
move=> uniq_s <-; exists (fun i => 'X_[tnth (in_tuple s) i]); split=> [i m|p sub_s].
  by rewrite msuppX inE => /eqP ->; apply: mem_tnth.
have coef (c : 'rV[K]_(size s)) i : (lin (fun i => 'X_[tnth (in_tuple s) i]) c)@_(tnth (in_tuple s) i) = c 0 i.
  rewrite /lin raddf_sum (bigD1 i) //= mcoeffZ mcoeffX eqxx mulr1 big1 ?addr0 // => j ji.
  rewrite mcoeffZ mcoeffX !(tnth_nth 0%MM) /= nth_uniq // ?ltn_ord //.
  by rewrite val_eqE (negPf ji) mulr0.
exists (\row_i p@_(tnth (in_tuple s) i)); split=> [|c ->]; last by apply/rowP => i; rewrite mxE coef.
apply/mpolyP => m; have [/(tnthP (in_tuple s))[i ->]|m_s] := boolP (m \in s); first by rewrite coef mxE.
rewrite (memN_msupp_eq0 (contra (sub_s m) m_s)) /lin raddf_sum big1 // => i _.
rewrite /= mcoeffZ mcoeffX; case: eqP => [eq_m|_]; last by rewrite mulr0.
by rewrite -eq_m mem_tnth in m_s.
Qed.
