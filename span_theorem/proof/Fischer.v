(** Harmonic polynomials, and Fischer's decomposition of a homogeneous polynomial into harmonics times powers of r^2. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Ladder Laplacian.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Fischer.
Variable R : numFieldType.
Implicit Types p q : {mpoly R[3]}.

(** A harmonic of degree l: a homogeneous polynomial of degree l whose Laplacian is zero. *)
Definition harmonic l p : Prop := p \is l.-homog /\ laplacian p = 0.

Lemma harmonic0 l : harmonic l 0.
Proof. by split; [apply: rpred0 | apply: linear0]. Qed.

Lemma harmonic_linear l a p q : harmonic l p -> harmonic l q -> harmonic l (a *: p + q).
Proof.
case=> hp lp [hq lq]; split; first by rewrite rpredD ?rpredZ.
by rewrite linearP /= lp lq scaler0 addr0.
Qed.

Lemma harmonic_sum l (I : Type) (r : seq I) (P : pred I) (F : I -> {mpoly R[3]}) (c : I -> R) :
  (forall i, harmonic l (F i)) -> harmonic l (\sum_(i <- r | P i) c i *: F i).
Proof.
move=> hF; elim/big_rec: _ => [|i p _ hp]; first exact: harmonic0.
exact: harmonic_linear.
Qed.

(** The ladder of the homogeneous polynomials of degrees e, e + 2, e + 4, ... (e is 0 or 1). *)
Section Steps.
Variable e : bool.
Definition rung n p : Prop := p \is (e + n.*2)%N.-homog.
Definition step n : R := (4 * (e + n.*2) + 6)%:R.

Let rung_zero n : rung n 0. Proof. exact: rpred0. Qed.
Let rung_linear n a p q : rung n p -> rung n q -> rung n (a *: p + q).
Proof. by move=> hp hq; apply: rpredD hq; apply: rpredZ. Qed.
Let rung_up n p : rung n p -> rung n.+1 (times_r2 p).
Proof. by move=> hp; rewrite /rung doubleS !addnS; apply: times_r2_homog. Qed.
Let rung_down n p : rung n.+1 p -> rung n (laplacian p).
Proof. by rewrite /rung doubleS !addnS => hp; apply: (laplacian_homog hp). Qed.
Let rung_bottom p : rung 0 p -> laplacian p = 0.
Proof. by apply: laplacian_low; case: e. Qed.
Let rung_commute n p : rung n p -> laplacian (times_r2 p) = times_r2 (laplacian p) + step n *: p.
Proof. exact: laplacian_times_r2. Qed.
Let step_pos n k : (k <= n)%N -> 0 < step k.
Proof. by rewrite ltr0n addnS. Qed.

Definition fischer_onto := down_onto rung_zero rung_linear rung_up rung_down rung_bottom rung_commute.
Definition fischer_split := ladder_split rung_zero rung_linear rung_up rung_down rung_bottom rung_commute.
Definition fischer_injective := down_up_injective rung_down rung_bottom rung_commute.
End Steps.

Let parts d : d = (odd d + (d./2).*2)%N. Proof. by rewrite odd_double_half. Qed.

Lemma laplacian_onto d (g : {mpoly R[3]}) : g \is d.-homog ->
  exists2 s : {mpoly R[3]}, s \is d.+2.-homog & laplacian s = g.
Proof.
rewrite {1}(parts d) => hg.
have [|s hs eq_s] := @fischer_onto (odd d) d./2 g _ hg; first by move=> k _; rewrite ltr0n addnS.
by exists s => //; rewrite /rung doubleS !addnS -parts in hs.
Qed.

Lemma split_harmonic d p : p \is d.+2.-homog ->
  exists h q, [/\ harmonic d.+2 h, q \is d.-homog & p = h + times_r2 q].
Proof.
move=> hp; have [||h [q [hh lh hq eq_p]]] := @fischer_split (odd d) d./2 p.
- by move=> k _; rewrite ltr0n addnS.
- by rewrite /rung doubleS !addnS -parts.
by exists h, q; split=> //; rewrite /rung doubleS ?addnS -parts in hh hq.
Qed.

Lemma harmonic_times_r2 d h q :
  harmonic d.+2 h -> q \is d.-homog -> h + times_r2 q = 0 -> h = 0 /\ q = 0.
Proof.
case=> _ lh hq eq0; suff q0: q = 0 by rewrite q0 linear0 addr0 in eq0.
apply: (@fischer_injective (odd d) d./2) => [k _||]; first by rewrite ltr0n addnS.
  by rewrite /rung -parts.
by move/(congr1 (@laplacian R)): eq0; rewrite linearD /= lh add0r linear0.
Qed.

(** h_d + r^2 h_(d-2) + r^4 h_(d-4) + ... *)
Fixpoint homogenised (h : nat -> {mpoly R[3]}) d : {mpoly R[3]} :=
  match d with
  | 0 => h 0%N
  | 1 => h 1%N
  | (e.+1 as d').+1 => h d + times_r2 (homogenised h e)
  end.

Lemma homogenisedSS (h : nat -> {mpoly R[3]}) d : homogenised h d.+2 = h d.+2 + times_r2 (homogenised h d).
Proof. by []. Qed.

Lemma two_steps (P : nat -> Prop) : P 0%N -> P 1%N -> (forall d, P d -> P d.+2) -> forall d, P d.
Proof.
move=> P0 P1 PS d; suff [] : P d /\ P d.+1 by [].
by elim: d => // d [Pd PSd]; split=> //; apply: PS.
Qed.

Lemma eq_homogenised (h h' : nat -> {mpoly R[3]}) d :
  (forall l, (l <= d)%N -> h l = h' l) -> homogenised h d = homogenised h' d.
Proof.
elim/two_steps: d => [||d IH] hh'; rewrite ?homogenisedSS ?hh' //= ?hh' // IH // => l ld.
by rewrite hh' // !leqW.
Qed.

Lemma homogenised_homog (h : nat -> {mpoly R[3]}) : (forall l, harmonic l (h l)) ->
  forall d, homogenised h d \is d.-homog.
Proof.
move=> hh; apply: two_steps => [||d hd]; [exact: (hh _).1 | exact: (hh _).1 |].
by rewrite homogenisedSS rpredD ?times_r2_homog //; apply: (hh _).1.
Qed.

(** Fischer: every homogeneous polynomial is h_d + r^2 h_(d-2) + r^4 h_(d-4) + ... with harmonics h_l, ... *)
Lemma fischer d p : p \is d.-homog ->
  exists2 h : nat -> {mpoly R[3]}, (forall l, harmonic l (h l)) & p = homogenised h d.
Proof.
elim/two_steps: d p => [p hp|p hp|d IH p /split_harmonic[h0 [q [hh0 /IH[h hh ->] ->]]]].
- exists (fun l => if l == 0%N then p else 0) => // l; case: eqP => [->|_]; last exact: harmonic0.
  by split=> //; apply: laplacian_low hp.
- exists (fun l => if l == 1%N then p else 0) => // l; case: eqP => [->|_]; last exact: harmonic0.
  by split=> //; apply: laplacian_low hp.
exists (fun l => if l == d.+2 then h0 else h l) => [l|]; first by case: eqP => [->|_].
rewrite homogenisedSS eqxx; congr (_ + times_r2 _); apply: eq_homogenised => l ld.
by rewrite ltn_eqF // ltnS leqW.
Qed.

(** ... which are determined by it. *)
Lemma fischer_unique (h : nat -> {mpoly R[3]}) d : (forall l, harmonic l (h l)) -> homogenised h d = 0 ->
  forall l, (l <= d)%N -> odd l = odd d -> h l = 0.
Proof.
move=> hh; elim/two_steps: d => [h0 [|l]|h0 [|[|l]]|d IH] //.
rewrite homogenisedSS => /(harmonic_times_r2 (hh _) (homogenised_homog hh d))[h0 /IH{}IH] l.
rewrite leq_eqVlt ltnS leq_eqVlt ltnS => /or3P[/eqP -> // | /eqP -> /= | ld]; last by rewrite /= negbK => /IH ->.
by rewrite negbK; case: (odd d).
Qed.
End Fischer.
