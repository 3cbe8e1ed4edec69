(** The names of the harmonics of degree at most N, their orders, and how many there are. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** (l, i): the degree l <= N is [tag t], the place i < 2l+1 is [tagged t]; the order is m = i - l. *)
Notation index N := {l : 'I_N.+1 & 'I_(2 * l + 1)}.

Definition order N (t : index N) : int := (tagged t : nat)%:Z - (tag t : nat)%:Z.

(** There are (N + 1)^2 harmonics Y_lm with l <= N. *)
Theorem card_index N : #|{: index N}| = (N.+1 ^ 2)%N.
Proof.
rewrite -sum1_card -(sig_big_dep (fun=> true) (fun _ _ => true) (fun _ _ => 1%N)) /=.
rewrite (eq_bigr (fun l : 'I_N.+1 => 2 * l + 1)%N) => [|l _]; last by rewrite sum1_card card_ord.
elim: N.+1 => [|n IH]; first by rewrite big_ord0.
by rewrite big_ord_recr IH /=; lia.
Qed.

(** The harmonic of degree and order N. *)
Definition top N : index N :=
  Tagged (fun l : 'I_N.+1 => 'I_(2 * l + 1)) (cast_ord (esym (addn1 (2 * @ord_max N))) ord_max).

Lemma order_top N : order (top N) = N%:Z.
Proof. by rewrite /order /=; lia. Qed.

Lemma order_le N (t : index N) : order t <= N%:Z.
Proof. by rewrite /order; have := ltn_ord (tag t); have := ltn_ord (tagged t); lia. Qed.

Lemma order_eq_top N (t : index N) : order t = N%:Z -> t = top N.
Proof.
case: t => l i; rewrite /order /= => eq_N; have := ltn_ord l; have := ltn_ord i => lt_i lt_l.
have lN : l = ord_max by apply: val_inj => /=; lia.
move: i eq_N lt_i {lt_l}; rewrite lN => i eq_N lt_i.
by congr (Tagged _ _); apply: val_inj => /=; move: eq_N lt_i => /=; lia.
Qed.
