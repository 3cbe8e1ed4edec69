(** Degree bounds: [msize p <= d.+1] says that the total degree of p is at most d. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Degrees.
Variables (R : idomainType) (n : nat).
Implicit Types p q : {mpoly R[n]}.

Lemma degree_homog p d : p \is d.-homog -> (msize p <= d.+1)%N.
Proof. by move=> /dhomogP hp; rewrite msizeE; apply/bigmax_leqP_seq => m /hp /= ->. Qed.

Lemma degree_le p a b : (a <= b)%N -> (msize p <= a.+1)%N -> (msize p <= b.+1)%N.
Proof. by move=> ab pa; apply: leq_trans pa _; rewrite ltnS. Qed.

Lemma degreeD p q d : (msize p <= d)%N -> (msize q <= d)%N -> (msize (p + q) <= d)%N.
Proof. by move=> hp hq; apply: leq_trans (msizeD_le p q) _; rewrite geq_max hp. Qed.

Lemma degreeZ p c d : (msize p <= d)%N -> (msize (c *: p) <= d)%N.
Proof. exact: leq_trans (msizeZ_le p c). Qed.

Lemma degree_sum (I : Type) (r : seq I) (P : pred I) (F : I -> {mpoly R[n]}) d :
  (forall i, P i -> (msize (F i) <= d)%N) -> (msize (\sum_(i <- r | P i) F i) <= d)%N.
Proof. by move=> hF; elim/big_ind: _ => [|p q|] //; [rewrite msize0 | apply: degreeD]. Qed.

Lemma degreeM p q a b : (msize p <= a.+1)%N -> (msize q <= b.+1)%N -> (msize (p * q) <= (a + b).+1)%N.
Proof.
case: (eqVneq p 0) => [->|p0]; first by rewrite mul0r msize0.
case: (eqVneq q 0) => [->|q0]; first by rewrite mulr0 msize0.
move=> hp hq; rewrite msizeM //; have := leq_add hp hq.
by rewrite addSn addnS; case: (_ + _)%N.
Qed.

Lemma degree_prod (I : Type) (r : seq I) (F : I -> {mpoly R[n]}) (a : I -> nat) :
  (forall i, (msize (F i) <= (a i).+1)%N) -> (msize (\prod_(i <- r) F i) <= (\sum_(i <- r) a i).+1)%N.
Proof.
move=> hF; elim/big_ind2: _ => [|p a1 q a2|i _] //; first by rewrite msize1.
exact: degreeM.
Qed.

Lemma degreeX p k a : (msize p <= a.+1)%N -> (msize (p ^+ k) <= (k * a).+1)%N.
Proof.
move=> hp; elim: k => [|k IH]; first by rewrite expr0 msize1.
by rewrite exprS mulSn degreeM.
Qed.
End Degrees.

(** Polynomials of degree d in polynomials of degree at most L have degree at most d L. *)
Lemma degree_comp (R : idomainType) (n k : nat) (q : {mpoly R[k]}) (F : k.-tuple {mpoly R[n]}) d L :
  (msize q <= d.+1)%N -> (forall i, (msize (tnth F i) <= L.+1)%N) -> (msize (q \mPo F) <= (d * L).+1)%N.
Proof.
move=> hq hF; rewrite comp_mpolyE big_seq; apply: degree_sum => m /msize_mdeg_lt hm; apply: degreeZ.
have := degree_prod (index_enum [finType of 'I_k]) (fun i => degreeX (m i) (hF i)); apply: degree_le.
by rewrite -big_distrl /= -mdegE leq_mul2r -ltnS (leq_trans hm hq) orbT.
Qed.

(** A monomial of degree at least k is the product of one of degree k and another. *)
Lemma split_monomial n (m : 'X_{1..n}) k : (k <= mdeg m)%N ->
  exists m1 m2, [/\ m = (m1 + m2)%MM, mdeg m1 = k & mdeg m2 = (mdeg m - k)%N].
Proof.
elim: k => [|k IH] km; first by exists 0%MM, m; rewrite add0m mdeg0 subn0.
have [m1 [m2 [mE deg1 deg2]]] := IH (ltnW km).
have /existsP[i i0] : [exists i, m2 i != 0%N].
  apply/existsPn => all0; have := subn_gt0 k (mdeg m); rewrite km -deg2 mdegE big1 // => i _.
  by apply/eqP; have := all0 i; rewrite negbK.
have le_i : (U_(i) <= m2)%MM by apply/mnm_lepP => j; rewrite mnm1E; case: eqP => [<-|] //; rewrite lt0n.
exists (m1 + U_(i))%MM, (m2 - U_(i))%MM; split.
- by rewrite -addmA [(U_(i) + _)%MM]addmC submK.
- by rewrite mdegD mdeg1 deg1 addn1.
have := congr1 (@mdeg n) (submK le_i); rewrite mdegD mdeg1 deg2 addn1 => degS.
by apply/eqP; rewrite -eqSS degS -subSn // subSS.
Qed.
