(** Products of exactly k harmonics of degree L: only degrees l <= kL of the parity of kL occur. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Laplacian Fischer Sphere.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Parity.
Variable R : rcfType.
Implicit Types (h : nat -> {mpoly R[3]}) (v : 'I_3 -> R).

Lemma homog_comp n (q : {mpoly R[n]}) k L (F : n.-tuple {mpoly R[3]}) :
  q \is k.-homog -> (forall i, tnth F i \is L.-homog) -> q \mPo F \is (k * L).-homog.
Proof.
move=> /dhomogP hq hF; rewrite comp_mpolyE big_seq; apply: rpred_sum => m /hq /= <-; apply: rpredZ.
rewrite mdegE big_distrl /=.
elim/big_ind2: _ => [|p a r b|i _]; [exact: dhomog1 | exact: dhomogM |].
by rewrite mulnC; apply: dhomogMn.
Qed.

Lemma homogenised_on_sphere h d v : on_sphere v ->
  (homogenised h d).@[v] = \sum_(l < d.+1) (if odd l == odd d then h l else 0).@[v].
Proof.
move=> Sv; elim/two_steps: d => [||d IH]; first by rewrite big_ord1.
  by rewrite big_ord_recr big_ord1 /= meval0 add0r.
rewrite homogenisedSS mevalD mevalM meval_r2 Sv mul1r {}IH [in RHS]big_ord_recr [X in _ = X + _]big_ord_recr /= negbK.
by case: (odd d); rewrite /= meval0 addr0 addrC.
Qed.

Lemma sum_below h N M v : (N <= M)%N ->
  \sum_(l < N) (h l).@[v] = \sum_(l < M) (if (l < N)%N then h l else 0).@[v].
Proof.
move=> NM; rewrite (big_ord_widen_cond M xpredT (fun l => (h l).@[v]) NM) /= big_mkcond.
by apply: eq_bigr => l _; case: ifP; rewrite ?meval0.
Qed.

Theorem exact_degrees n (B : 'I_n -> {mpoly R[3]}) k L N (q : {mpoly R[n]}) h :
  (forall i, harmonic L (B i)) -> q \is k.-homog -> (forall l, harmonic l (h l)) ->
  (forall v, on_sphere v -> q.@[fun i => (B i).@[v]] = \sum_(l < N) (h l).@[v]) ->
  forall l, (l < N)%N -> h l != 0 -> (l <= k * L)%N /\ odd l = odd (k * L).
Proof.
move=> hB hq hh qE l lN; pose F := [tuple B i | i < n].
have hom : q \mPo F \is (k * L).-homog by apply: homog_comp => // i; rewrite tnth_mktuple; apply: (hB i).1.
have [g hg gE] := fischer hom.
pose g' j : {mpoly R[3]} := if (j < (k * L).+1)%N then if odd j == odd (k * L) then g j else 0 else 0.
pose h' j : {mpoly R[3]} := if (j < N)%N then h j else 0.
have zero : h' l - g' l = 0.
  apply: (@harmonics_independent _ (fun j => h' j - g' j) (N + (k * L).+1)) => [j|v Sv|].
  - rewrite -scaleN1r addrC; apply: harmonic_linear; rewrite /g' /h'; do 2?case: ifP => _ //; exact: harmonic0.
  - rewrite (eq_bigr (fun j : 'I__ => (h' j).@[v] - (g' j).@[v])) => [|j _]; last by rewrite mevalB.
    rewrite sumrB -(sum_below h v (leq_addr _ N)) -qE //.
    rewrite -(@sum_below (fun j => if odd j == odd (k * L) then g j else 0) _ _ v (leq_addl N _)).
    rewrite -homogenised_on_sphere // -gE comp_mpoly_meval; apply/eqP; rewrite subr_eq0; apply/eqP.
    by apply: meval_eq => i; rewrite tnth_mktuple.
  - by rewrite ltn_addr.
move=> nz; move: zero; rewrite /h' lN /g' ltnS; case: ifP => [lkL|_]; last by rewrite subr0 => /eqP; rewrite (negPf nz).
by case: eqP => // _; rewrite subr0 => /eqP; rewrite (negPf nz).
Qed.
End Parity.
