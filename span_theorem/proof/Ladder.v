(** Two operators that go up and down a ladder of subspaces W 0, W 1, ... and commute up to positive numbers,

      down (up v) = up (down v) + c n v   for v in W n,   down (W 0) = 0,   c n > 0.

    Then [down] maps W (n+1) onto W n, and [down \o up] is injective on W n. Used twice: with the Laplacian and the
    multiplication by x^2 + y^2 + z^2 (harmonics), and with the raising and lowering operators of sl2
    (multiplicities). *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Ladder.
Variables (K : numFieldType) (V : lmodType K).
Variables (W : nat -> V -> Prop) (up down : {linear V -> V}) (c : nat -> K).

Hypothesis W_zero : forall n, W n 0.
Hypothesis W_linear : forall n a u v, W n u -> W n v -> W n (a *: u + v).
Hypothesis W_up : forall n v, W n v -> W n.+1 (up v).
Hypothesis W_down : forall n v, W n.+1 v -> W n (down v).
Hypothesis down_bottom : forall v, W 0 v -> down v = 0.
Hypothesis down_up : forall n v, W n v -> down (up v) = up (down v) + c n *: v.

Let W_scale n a v : W n v -> W n (a *: v).
Proof. by move=> Wv; rewrite -[_ *: _]addr0; apply: W_linear (W_zero n). Qed.

Let W_sub n u v : W n u -> W n v -> W n (u - v).
Proof. by move=> Wu Wv; rewrite addrC -scaleN1r; apply: W_linear. Qed.

Lemma ladder_solve n (a : K) g :
  (forall k, (k <= n)%N -> 0 < c k) -> 0 <= a -> W n g -> exists2 s, W n s & a *: s + down (up s) = g.
Proof.
elim: n a g => [|n IH] a g cpos a0 Wg; have b0 := ltr_paddl a0 (cpos _ (leqnn _)).
  have Ws := W_scale (a + c 0%N)^-1 Wg; exists ((a + c 0%N)^-1 *: g) => //.
  rewrite (down_up Ws) down_bottom // linear0 add0r -scalerDl scalerA divff ?scale1r //.
  by rewrite gt_eqF.
have [t Wt eq_t] := IH _ _ (fun k kn => cpos k (leqW kn)) (ltW b0) (W_down Wg).
pose b := a + c n.+1; have bn0 : b != 0 by rewrite gt_eqF.
have Ws : W n.+1 (b^-1 *: (g - up t)) by apply/W_scale/W_sub/W_up.
have ds : down (b^-1 *: (g - up t)) = t.
  by rewrite linearZ linearB /= -eq_t addrK scalerA mulVf ?scale1r.
exists (b^-1 *: (g - up t)) => //.
by rewrite (down_up Ws) ds addrCA -scalerDl scalerA -/b divff // scale1r addrC subrK.
Qed.

Lemma ladder_unique n (a : K) s :
  (forall k, (k <= n)%N -> 0 < c k) -> 0 <= a -> W n s -> a *: s + down (up s) = 0 -> s = 0.
Proof.
elim: n a s => [|n IH] a s cpos a0 Ws; have b0 := ltr_paddl a0 (cpos _ (leqnn _)).
  rewrite (down_up Ws) down_bottom // linear0 add0r -scalerDl => /eqP.
  by rewrite scaler_eq0 gt_eqF //= => /eqP.
rewrite (down_up Ws) addrCA -scalerDl => eq0; move: (eq0).
have -> : down s = 0.
  apply: (IH _ _ (fun k kn => cpos k (leqW kn)) (ltW b0) (W_down Ws)).
  by move/(congr1 down): eq0; rewrite linearD linearZ linear0 /= addrC.
by rewrite linear0 add0r => /eqP; rewrite scaler_eq0 gt_eqF //= => /eqP.
Qed.

Corollary down_onto n g : (forall k, (k <= n)%N -> 0 < c k) -> W n g -> exists2 s, W n.+1 s & down s = g.
Proof.
move=> cpos /(ladder_solve cpos (lexx 0))[s Ws]; rewrite scale0r add0r => <-.
by exists (up s) => //; apply: W_up.
Qed.

Corollary down_up_injective n s : (forall k, (k <= n)%N -> 0 < c k) -> W n s -> down (up s) = 0 -> s = 0.
Proof. by move=> cpos Ws eq0; apply: (ladder_unique cpos (lexx 0) Ws); rewrite scale0r add0r. Qed.

Corollary ladder_split n p : (forall k, (k <= n)%N -> 0 < c k) -> W n.+1 p ->
  exists h q, [/\ W n.+1 h, down h = 0, W n q & p = h + up q].
Proof.
move=> cpos Wp; have [q Wq] := ladder_solve cpos (lexx 0) (W_down Wp); rewrite scale0r add0r => eq_q.
exists (p - up q), q; split=> //; last by rewrite subrK.
  by apply/W_sub/W_up.
by rewrite linearB /= eq_q subrr.
Qed.
End Ladder.
