(** Features: any family of bases of the spaces of harmonics; polynomials of total degree d in those of order at
    most L; and the span theorem. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Basis Index Laplacian Fischer Sphere Degrees.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Features.
Variable R : rcfType.
Implicit Types (p : {mpoly R[3]}) (v : 'I_3 -> R) (f g : ('I_3 -> R) -> R).

(** Any family of bases: for every degree l a basis of the harmonics of degree l (it has 2l+1 elements, Dimension.v). *)
Variable Y : forall l, 'I_(2 * l + 1) -> {mpoly R[3]}.

(** The linear combination of the harmonics of degree at most N with coefficients c. *)
Definition combine N (c : forall l, 'I_(2 * l + 1) -> R) v : R :=
  \sum_(l < N.+1) \sum_(i < 2 * l + 1) c l i * (Y i).@[v].

(** f is on the sphere a linear combination of the harmonics of degree at most N. *)
Definition combination N f : Prop := exists c, forall v, on_sphere v -> f v = combine N c v.

(** The values at v of the features Y_lm, l <= L. *)
Definition features L v (i : 'I_#|{: index L}|) : R := (Y (tagged (enum_val i))).@[v].

(** f is on the sphere a polynomial of total degree at most d in the features Y_lm, l <= L. *)
Definition polynomial_in_features L d f : Prop :=
  exists2 q : {mpoly R[#|{: index L}|]}, (msize q <= d.+1)%N & forall v, on_sphere v -> f v = q.@[features v].

Hypothesis Y_basis : forall l, is_basis (harmonic l) (@Y l).

Let Y_harmonic l i : harmonic l (@Y l i). Proof. exact: (Y_basis l).1. Qed.

(** A sum of harmonics of degrees up to N is a combination of the Y_lm, and the other way round. *)
Lemma combinationP N f : combination N f <-> sum_of_harmonics N f.
Proof.
split=> [[c fE]|[h hh fE]].
  exists (fun l => \sum_(i < 2 * l + 1) c l i *: Y i) => [l|v Sv]; first exact: harmonic_sum.
  rewrite fE //; apply: eq_bigr => l _.
  by rewrite rmorph_sum; apply: eq_bigr => i _; rewrite /= mevalZ.
have coordinates l : exists c : 'rV_(2 * l + 1), h l == lin (@Y l) c.
  by have [c [/eqP hE _]] := (Y_basis l).2 _ (hh l); exists c.
exists (fun l i => xchoose (coordinates l) 0 i) => v Sv; rewrite fE //; apply: eq_bigr => l _.
rewrite {1}(eqP (xchooseP (coordinates l))) /lin rmorph_sum; apply: eq_bigr => i _.
by rewrite /= mevalZ.
Qed.

Section Polynomials.
Variable L : nat.

Lemma polynomialD d f g : polynomial_in_features L d f -> polynomial_in_features L d g ->
  polynomial_in_features L d (fun v => f v + g v).
Proof.
move=> [q hq fE] [r hr gE]; exists (q + r) => [|v Sv]; first exact: degreeD.
by rewrite fE // gE // mevalD.
Qed.

Lemma polynomialZ d a f : polynomial_in_features L d f -> polynomial_in_features L d (fun v => a * f v).
Proof. by move=> [q hq fE]; exists (a *: q) => [|v Sv]; [apply: degreeZ | rewrite fE // mevalZ]. Qed.

Lemma polynomialM d e f g : polynomial_in_features L d f -> polynomial_in_features L e g ->
  polynomial_in_features L (d + e) (fun v => f v * g v).
Proof.
move=> [q hq fE] [r hr gE]; exists (q * r) => [|v Sv]; first exact: degreeM.
by rewrite fE // gE // mevalM.
Qed.

Lemma combination_is_polynomial f : combination L f -> polynomial_in_features L 1 f.
Proof.
move=> [c fE]; exists (\sum_(t : index L) c _ (tagged t) *: 'X_(enum_rank t)) => [|v Sv].
  by apply: degree_sum => t _; apply/degreeZ; rewrite msizeX mdeg1.
rewrite fE // rmorph_sum /combine sig_big_dep /=; apply: eq_bigr => t _.
by rewrite mevalZ mevalXU /features enum_rankK.
Qed.

Lemma monomial_is_polynomial d m : (mdeg m <= d * L)%N ->
  polynomial_in_features L d (fun v => 'X_[m].@[v]).
Proof.
elim: d m => [|d IH] m hm.
  have/eqP -> : m == 0%MM by rewrite -mdeg_eq0 -leqn0.
  by exists 1 => [|v _]; rewrite ?msize1 // mpolyX0 !meval1.
have [m1 [m2 [mE deg1 deg2]]] := split_monomial (geq_minl (mdeg m) L).
have small : polynomial_in_features L 1 (fun v => 'X_[m1].@[v]).
  apply/combination_is_polynomial/combinationP/polynomial_sum_of_harmonics.
  by rewrite msizeX deg1 ltnS geq_minr.
have [|q hq qE] := polynomialM small (IH m2 _).
  by rewrite deg2 leq_subLR; case: (leqP (mdeg m) L) => _; rewrite ?leq_addr -?mulSn.
by exists q => // v Sv; rewrite -qE // mE mpolyXD mevalM.
Qed.

Lemma low_degree_is_polynomial d p : (msize p <= (d * L).+1)%N ->
  polynomial_in_features L d (fun v => p.@[v]).
Proof.
move=> hp; have: all (fun m : 'X_{1..3} => mdeg m <= d * L)%N (msupp p).
  by apply/allP => m /msize_mdeg_lt lt_m; rewrite -ltnS; apply: leq_trans lt_m hp.
rewrite [in X in polynomial_in_features _ _ X](mpolyE p); elim: (msupp p) => [_|m r IH /andP[hm hr]].
  by exists 0 => [|v _]; rewrite ?msize0 // big_nil !meval0.
have [q hq qE] := polynomialD (polynomialZ p@_m (monomial_is_polynomial hm)) (IH hr).
by exists q => // v Sv; rewrite -qE // big_cons mevalD mevalZ.
Qed.
End Polynomials.

(** The span theorem: polynomials of total degree at most d in the Y_lm, l <= L, are as functions on the sphere
    exactly the linear combinations of the Y_lm, l <= d L. *)
Theorem span_theorem L d f : polynomial_in_features L d f <-> combination (d * L) f.
Proof.
split=> [[q hq fE]|/combinationP[h hh fE]].
  pose F := [tuple Y (tagged (enum_val i)) | i < #|{: index L}|].
  apply/combinationP; have [|h hh hE] := @polynomial_sum_of_harmonics _ (d * L) (q \mPo F).
    apply: degree_comp hq _ => i; rewrite tnth_mktuple.
    apply: degree_le (degree_homog (Y_harmonic _).1); rewrite -ltnS; apply: ltn_ord.
  exists h => // v Sv; rewrite fE // -hE // comp_mpoly_meval; apply: meval_eq => i.
  by rewrite tnth_mktuple.
have [|q hq qE] := @low_degree_is_polynomial L d (\sum_(l < (d * L).+1) h l).
  apply: degree_sum => l _; apply: degree_le (degree_homog (hh l).1).
  by rewrite -ltnS; apply: ltn_ord.
by exists q => // v Sv; rewrite -qE // fE // rmorph_sum.
Qed.

(** A function has one combination. *)
Theorem combination_unique N c c' : (forall v, on_sphere v -> combine N c v = combine N c' v) ->
  forall l (i : 'I_(2 * l + 1)), (l <= N)%N -> c l i = c' l i.
Proof.
move=> eq_cc l i lN; pose h k := \sum_(j < 2 * k + 1) (c k j - c' k j) *: Y j.
have hh k : harmonic k (h k) by apply: harmonic_sum.
have h0 : h l = 0.
  apply: (@harmonics_independent _ h N.+1 hh) => // v /eq_cc eq_v.
  transitivity (combine N c v - combine N c' v); last by rewrite eq_v subrr.
  rewrite /combine -sumrB; apply: eq_bigr => k _; rewrite rmorph_sum -sumrB; apply: eq_bigr => j _.
  by rewrite /= mevalZ mulrBl.
have: \row_j (c l j - c' l j) = 0.
  apply: (basis_free (Y_basis l) (harmonic0 _ _)); rewrite -[RHS]h0.
  by apply: eq_bigr => j _; rewrite mxE.
by move/rowP/(_ i); rewrite !mxE => /eqP; rewrite subr_eq0 => /eqP.
Qed.

(** Every harmonic of degree l <= d L is reached, ... *)
Theorem harmonic_reached L d l p : (l <= d * L)%N -> harmonic l p ->
  polynomial_in_features L d (fun v => p.@[v]).
Proof. by move=> ldL hp; apply/span_theorem/combinationP; exact: harmonic_sum_of_harmonics ldL hp. Qed.

(** ... and the component of degree l > d L of a polynomial of degree d is zero. *)
Theorem component_above_is_zero L d N h f : polynomial_in_features L d f -> (forall l, harmonic l (h l)) ->
  (forall v, on_sphere v -> f v = \sum_(l < N) (h l).@[v]) ->
  forall l, (d * L < l < N)%N -> h l = 0.
Proof.
move=> /span_theorem/combinationP[k hk fk] hh fh l /andP[dLl lN].
pose g j : {mpoly R[3]} := h j - (if (j <= d * L)%N then k j else 0).
have hg j : harmonic j (g j).
  rewrite /g -scaleN1r addrC; apply: harmonic_linear => //.
  by case: ifP => _; [apply: hk | apply: harmonic0].
have: g l = 0; last by rewrite /g leqNgt dLl subr0.
apply: (@harmonics_independent _ g N) => // v Sv.
rewrite (eq_bigr (fun j : 'I_N => (h j).@[v] - (if (j <= d * L)%N then k j else 0).@[v])) => [|j _].
  rewrite sumrB -fh // fk //.
  have dLN : (d * L < N)%N := ltn_trans dLl lN.
  rewrite (big_ord_widen_cond N (fun=> true) (fun j => (k j).@[v])) //= big_mkcond.
  rewrite -sumrB big1 // => j _; rewrite ltnS; case: ifP => _; rewrite ?meval0 ?subrr //.
by rewrite mevalB.
Qed.
End Features.
