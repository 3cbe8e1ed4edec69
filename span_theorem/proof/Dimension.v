(** The harmonics of degree l form a space of dimension 2l + 1. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Basis Laplacian Fischer.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Dimension.
Variable R : numFieldType.
Implicit Types p q : {mpoly R[3]}.

Lemma homogeneous_basis l : exists B : 'I_('C(l.+2, 2)) -> {mpoly R[3]}, is_basis (fun p => p \is l.-homog) B.
Proof.
have size_s : size [seq s2m t | t : l.-tuple 'I_3 <- enum (basis 3 l)] = 'C(l.+2, 2).
  by rewrite (size_basis 2) -[X in 'C(_, X)](addnK 2 l) bin_sub ?leq_addl // addn2.
have [B hB] := monomial_basis R (uniq_basis 3 l) size_s.
exists B; apply: eq_is_basis hB => p; rewrite dhomogE.
by split=> [hp|/allP hp m /hp]; [apply/allP => m /hp | ]; rewrite -basis_cover.
Qed.

(** There are bases of 2l + 1 harmonics of degree l, ... *)
Theorem harmonic_basis l : exists B : 'I_(2 * l + 1) -> {mpoly R[3]}, is_basis (harmonic l) B.
Proof.
have low k : (k < 2)%N -> forall p, p \is k.-homog <-> harmonic k p.
  by move=> k2 p; split=> [hp|[]] //; split=> //; apply: laplacian_low hp.
case: l => [|[|l]]; [have [B hB] := homogeneous_basis 0 | have [B hB] := homogeneous_basis 1 |].
- by exists B; apply: eq_is_basis hB; apply: low.
- by exists B; apply: eq_is_basis hB; apply: low.
have [B hB] := homogeneous_basis l.+2; have [C hC] := homogeneous_basis l.
have [|||||k [D [hD]]] := kernel_basis (phi := [linear of @laplacian R]) _ _ _ hB hC.
- exact: rpred0.
- exact: rpred0.
- by move=> a p q hp hq; rewrite rpredD ?rpredZ.
- exact: (@laplacian_homog _ l.+2).
- exact: laplacian_onto.
by rewrite (binS l.+3 1) (binS l.+2 1) !bin1 => k_eq; rewrite (_ : (2 * l.+2 + 1 = k)%N); [exists D | lia].
Qed.

(** ... every basis has 2l + 1 elements, ... *)
Theorem harmonic_basis_size l n (B : 'I_n -> {mpoly R[3]}) : is_basis (harmonic l) B -> n = (2 * l + 1)%N.
Proof. by have [C hC] := harmonic_basis l => hB; apply: basis_size (harmonic0 _ l) hB hC. Qed.

(** ... and any 2l + 1 independent harmonics of degree l are one. *)
Theorem independent_harmonics_basis l (B : 'I_(2 * l + 1) -> {mpoly R[3]}) :
  (forall i, harmonic l (B i)) -> (forall c, lin B c = 0 -> c = 0) -> is_basis (harmonic l) B.
Proof. by have [C hC] := harmonic_basis l; apply: free_is_basis hC. Qed.
End Dimension.
