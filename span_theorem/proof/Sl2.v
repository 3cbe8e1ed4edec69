(** The action of sl2 on the polynomials in the features, by derivations: E raises the order of a feature by one,
    F lowers it, and H multiplies Y_lm by 2m. On the features of degree l this is the irreducible representation of
    dimension 2l+1. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Index Derivation.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Sl2.
Variables (R : comRingType) (L : nat).
Local Notation A := {mpoly R[#|{: index L}|]}.
Implicit Types (t : index L) (p : A).

(** The feature of the same degree at place k (t itself if there is none). *)
Definition at_place t k : index L := Tagged (fun l : 'I_L.+1 => 'I_(2 * l + 1)) (insubd (tagged t) k).
Definition var t : A := 'X_(enum_rank t).

(** On the features: E Y_(l,i) = (2l - i) Y_(l,i+1), F Y_(l,i) = i Y_(l,i-1), H Y_(l,i) = 2(i - l) Y_(l,i). *)
Definition raised t : A := (2 * tag t - tagged t)%:R *: var (at_place t (tagged t).+1).
Definition lowered t : A := (tagged t)%:R *: var (at_place t (tagged t).-1).
Definition weighed t : A := (2 * order t)%:~R *: var t.

Definition E p : A := derivation (fun i => raised (enum_val i)) p.
Definition F p : A := derivation (fun i => lowered (enum_val i)) p.
Definition H p : A := derivation (fun i => weighed (enum_val i)) p.

Canonical E_additive := Additive (derivation_is_linear _ : linear E).
Canonical E_linear := Linear (derivation_is_linear _ : linear E).
Canonical F_additive := Additive (derivation_is_linear _ : linear F).
Canonical F_linear := Linear (derivation_is_linear _ : linear F).
Canonical H_additive := Additive (derivation_is_linear _ : linear H).
Canonical H_linear := Linear (derivation_is_linear _ : linear H).

Lemma E_var t : E (var t) = raised t. Proof. by rewrite /E derivation_var enum_rankK. Qed.
Lemma F_var t : F (var t) = lowered t. Proof. by rewrite /F derivation_var enum_rankK. Qed.
Lemma H_var t : H (var t) = weighed t. Proof. by rewrite /H derivation_var enum_rankK. Qed.

Lemma place_le t : (tagged t <= 2 * tag t)%N.
Proof. by have := ltn_ord (tagged t); lia. Qed.

Lemma at_placeE t k : (k <= 2 * tag t)%N -> tagged (at_place t k) = k :> nat.
Proof. by move=> kt; rewrite /= val_insubd ifT //; lia. Qed.

Lemma at_placeK t k : at_place (at_place t k) (tagged t) = t.
Proof.
case: t => l i; congr (Tagged _ _); apply: val_inj.
by rewrite /= val_insubd ltn_ord.
Qed.

Lemma E_F_var t : E (F (var t)) = (tagged t * (2 * tag t - (tagged t).-1))%:R *: var t.
Proof.
rewrite F_var linearZ /= E_var /raised scalerA -natrM.
have [i0|i0] := posnP (tagged t); first by rewrite i0 !mul0n !scale0r.
have pred_le : ((tagged t).-1 <= 2 * tag t)%N by have := place_le t; lia.
by rewrite at_placeE // prednK // at_placeK.
Qed.

Lemma F_E_var t : F (E (var t)) = ((2 * tag t - tagged t) * (tagged t).+1)%:R *: var t.
Proof.
rewrite E_var linearZ /= F_var /lowered scalerA -natrM.
have [top_t|lt_t] := leqP (2 * tag t) (tagged t).
  by rewrite (_ : 2 * tag t - tagged t = 0)%N ?mul0n ?scale0r //; lia.
by rewrite at_placeE //= at_placeK.
Qed.

(** The commutation relations [E, F] = H, [H, E] = 2E, [H, F] = -2F. *)
Theorem commutator_E_F p : E (F p) - F (E p) = H p.
Proof.
apply: commutator_ext => i; set t := enum_val i.
rewrite -[derivation _ _]/(E _) -[X in _ - X]/(F _) -F_var -E_var E_F_var F_E_var /weighed.
rewrite -scalerBl !pmulrn -rmorphB /=.
congr (_%:~R *: _); rewrite /order; have := place_le t.
have [-> _|] := posnP (tagged t); first lia.
move: (nat_of_ord (tagged t)) => [|j] //; move: (nat_of_ord (tag t)) => l _ le_jl /=.
have [k eq_k] : exists k, (2 * l = k + j.+1)%N by exists (2 * l - j.+1)%N; lia.
by rewrite eq_k addnK (_ : k + j.+1 - j = k.+1)%N; lia.
Qed.

Let E_scale a p : E (a *: p) = a *: E p. Proof. exact: linearZ. Qed.
Let F_scale a p : F (a *: p) = a *: F p. Proof. exact: linearZ. Qed.
Let H_scale a p : H (a *: p) = a *: H p. Proof. exact: linearZ. Qed.

Theorem commutator_H_E p : H (E p) - E (H p) = 2%:R *: E p.
Proof.
rewrite -derivationZ; apply: commutator_ext => i; set t := enum_val i.
rewrite -[derivation _ _]/(H _) -[X in _ - X]/(E _) /weighed E_scale E_var /raised H_scale H_var /weighed.
have [top_t|lt_t] := leqP (2 * tag t) (tagged t).
  by rewrite (_ : 2 * tag t - tagged t = 0)%N; [rewrite !scale0r !scaler0 subr0 | lia].
rewrite !scalerA -scalerBl; congr (_ *: _); rewrite mulrC -mulrBl; congr (_ * _).
by rewrite pmulrn -rmorphB /=; congr (_%:~R); rewrite /order at_placeE //=; lia.
Qed.

Theorem commutator_H_F p : H (F p) - F (H p) = - 2%:R *: F p.
Proof.
rewrite -derivationZ; apply: commutator_ext => i; set t := enum_val i.
rewrite -[derivation _ _]/(H _) -[X in _ - X]/(F _) /weighed F_scale F_var /lowered H_scale H_var /weighed.
have [-> |i0] := posnP (tagged t); first by rewrite !scale0r !scaler0 subr0.
have pred_le := leq_trans (leq_pred _) (place_le t).
rewrite !scalerA -scalerBl; congr (_ *: _); rewrite mulrC -mulrBl; congr (_ * _).
rewrite pmulrn -rmorphB -rmorphN /=; congr (_%:~R); rewrite /order at_placeE //=.
by move: (nat_of_ord (tagged t)) i0 => k; lia.
Qed.
End Sl2.
