(** The harmonics of degree l form a space of dimension 2l + 1. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Laplacian Fischer Features.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Dimension.
Variable R : rcfType.
Local Notation homogeneous := (dhomog_vectType 2 R).

Lemma dim_homogeneous l : \dim {: homogeneous l} = 'C(l.+2, 2).
Proof. by rewrite dimvf -[RHS](bin_sub (n := l.+2)) // -[l.+2]addn2 addnK. Qed.

Section Degree.
Variable l : nat.

Definition lap (p : homogeneous l) : homogeneous l.-2 := DHomog (laplacian_homog (dhomog_is_dhomog p)).

Lemma lap_is_linear : linear lap.
Proof. by move=> a p q; apply: val_inj; rewrite /= linearP. Qed.
Canonical lap_additive := Additive lap_is_linear.
Canonical lap_linear := Linear lap_is_linear.

(** The space of harmonics of degree l. *)
Definition harmonics : {vspace homogeneous l} := lker (linfun lap).

Lemma harmonicsP (p : homogeneous l) : reflect (harmonic l (val p)) (p \in harmonics).
Proof.
rewrite memv_ker lfunE -val_eqE /=.
by apply: (iffP eqP) => [lp|[]] //; split=> //; apply: dhomog_is_dhomog.
Qed.

Section Basis.
Variables (n : nat) (B : 'I_n -> {mpoly R[3]}).
Hypothesis hB : forall i, harmonic l (B i).

Definition element (i : 'I_n) : homogeneous l := DHomog (hB i).1.
Definition elements := [tuple element i | i < n].

Lemma val_sum (c : 'I_n -> R) : val (\sum_i c i *: elements`_i) = \sum_i c i *: B i.
Proof.
rewrite -[LHS]/(mpoly_of_dhomog_linear 3 R l _) linear_sum; apply: eq_bigr => i _.
by rewrite -tnth_nth tnth_mktuple linearZ.
Qed.

Lemma is_basisP : is_basis l B <-> basis_of harmonics elements.
Proof.
split=> [[_ spans]|/andP[/eqP span_eq /freeP free_B]].
  rewrite basisEfree; apply/and3P; split.
  - apply/freeP => c c0 i; have [c' [_ uniq_c]] := spans 0 (harmonic0 _ _).
    have E : c' = [ffun j => c j].
      by apply: uniq_c; rewrite -[LHS](congr1 val c0) val_sum; apply: eq_bigr => j _; rewrite ffunE.
    have E0 : c' = [ffun=> 0] by apply: uniq_c; rewrite big1 // => j _; rewrite ffunE scale0r.
    by have /ffunP/(_ i) := etrans (esym E) E0; rewrite !ffunE.
  - by apply/span_subvP => _ /tnthP[i ->]; rewrite tnth_mktuple; apply/harmonicsP/hB.
  rewrite size_tuple; have: (harmonics <= <<elements>>)%VS; last first.
    by move/dimvS/leq_trans; apply; rewrite -[X in (_ <= X)%N](size_tuple elements) dim_span.
  apply/subvP => p /harmonicsP/spans[c [pE _]].
  have -> : p = \sum_i c i *: elements`_i by apply: val_inj; rewrite val_sum.
  apply: rpred_sum => i _; apply: rpredZ; rewrite -tnth_nth; apply: memv_span; apply: mem_tnth.
split=> // p hp; pose p' : homogeneous l := DHomog hp.1.
have hp' : p' \in <<elements>>%VS by rewrite span_eq; apply/harmonicsP.
exists [ffun i => coord elements i p']; split=> [|c pE].
  rewrite -[LHS]/(val p') {1}(coord_span hp') val_sum.
  by apply: eq_bigr => i _; rewrite ffunE.
apply/ffunP => i; rewrite ffunE; apply/eqP; rewrite -subr_eq0; apply/eqP; move: i; apply: free_B.
apply: val_inj; rewrite val_sum (eq_bigr (fun i => coord elements i p' *: B i - c i *: B i)) => [|i _].
  by rewrite sumrB -pE -val_sum -coord_span // subrr.
by rewrite scalerBl.
Qed.
End Basis.
End Degree.

Theorem dim_harmonics l : \dim (harmonics l) = (2 * l + 1)%N.
Proof.
have := limg_ker_dim (linfun (@lap l)) fullv; rewrite capfv -/(harmonics l) dim_homogeneous.
case: l => [|[|l]].
- rewrite (_ : linfun _ = 0) ?lim0g ?dimv0 ?addn0 //; apply/lfunP => p.
  by rewrite lfunE zero_lfunE; apply: val_inj => /=; apply: laplacian_low (dhomog_is_dhomog p).
- rewrite (_ : linfun _ = 0) ?lim0g ?dimv0 ?addn0 //; apply/lfunP => p.
  by rewrite lfunE zero_lfunE; apply: val_inj => /=; apply: laplacian_low (dhomog_is_dhomog p).
rewrite (_ : (_ @: _)%VS = fullv) => [|].
  by rewrite dim_homogeneous (binS l.+3 1) (binS l.+2 1) !bin1; move: 'C(_, _); lia.
apply/vspaceP => q; rewrite memvf; apply/memv_imgP.
have [s hs eq_s] := laplacian_onto (dhomog_is_dhomog q).
by exists (DHomog hs); rewrite ?memvf // lfunE; apply: val_inj.
Qed.

(** Every basis of the harmonics of degree l has 2l + 1 elements, ... *)
Theorem basis_size l n (B : 'I_n -> {mpoly R[3]}) : is_basis l B -> n = (2 * l + 1)%N.
Proof.
move=> hB; have /andP[/eqP span_eq /eqnP free_B] : basis_of (harmonics l) (elements hB.1) by apply/is_basisP.
by rewrite -dim_harmonics -span_eq free_B size_tuple.
Qed.

(** ... there are such bases, ... *)
Theorem basis_exists l : exists B : 'I_(2 * l + 1) -> {mpoly R[3]}, is_basis l B.
Proof.
suff: exists B : 'I_(\dim (harmonics l)) -> {mpoly R[3]}, is_basis l B by rewrite dim_harmonics.
pose B i := val (tnth (vbasis (harmonics l)) i).
have hB i : harmonic l (B i) by apply/harmonicsP/vbasis_mem/mem_tnth.
exists B; apply/(is_basisP hB); suff -> : elements hB = vbasis (harmonics l) by apply: vbasisP.
by apply: eq_from_tnth => i; rewrite tnth_mktuple; apply: val_inj.
Qed.

(** ... and 2l + 1 independent harmonics are one. *)
Theorem independent_is_basis l (B : 'I_(2 * l + 1) -> {mpoly R[3]}) : (forall i, harmonic l (B i)) ->
  (forall c : 'I_(2 * l + 1) -> R, \sum_i c i *: B i = 0 -> forall i, c i = 0) -> is_basis l B.
Proof.
move=> hB free_B; apply/(is_basisP hB); rewrite basisEfree size_tuple dim_harmonics leqnn andbT.
apply/andP; split; last by apply/span_subvP => _ /tnthP[i ->]; rewrite tnth_mktuple; apply/harmonicsP/hB.
by apply/freeP => c c0; apply: free_B; rewrite -(val_sum hB); exact: (congr1 val c0).
Qed.
End Dimension.
