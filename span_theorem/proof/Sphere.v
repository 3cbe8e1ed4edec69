(** Points of the unit sphere, equality of functions on it, and harmonics as functions on it. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Laplacian Fischer.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** A polynomial that vanishes at every point is zero: Kronecker's substitution y = x^B, z = x^(B^2). *)
Section Vanishing.
Variable R : numFieldType.

Lemma poly_vanishing (p : {poly R}) : (forall t, p.[t] = 0) -> p = 0.
Proof.
move=> p0; apply: (@roots_geq_poly_eq0 _ _ [seq i%:R | i <- iota 0 (size p)]).
- by apply/allP => t _; rewrite /root p0.
- by rewrite map_inj_uniq ?iota_uniq //; apply: mulrIn; apply: oner_neq0.
- by rewrite size_map size_iota.
Qed.

Definition kronecker B (m : 'X_{1..3}) : nat := ((m iz * B + m iy) * B + m ix)%N.

Lemma kronecker_inj B (m m' : 'X_{1..3}) : (mdeg m < B)%N -> (mdeg m' < B)%N ->
  kronecker B m = kronecker B m' -> m = m'.
Proof.
have digits a b a' b' : (a < B)%N -> (a' < B)%N -> (b * B + a = b' * B + a')%N -> b = b' /\ a = a'.
  move=> aB a'B eq_ab; have B0 := leq_ltn_trans (leq0n _) aB.
  have := congr1 (modn^~ B) eq_ab; have := congr1 (divn^~ B) eq_ab.
  by rewrite !divnMDl // !modnMDl !divn_small // !modn_small // !addn0.
have small (k : 'X_{1..3}) i : (mdeg k < B)%N -> (k i < B)%N.
  by apply: leq_ltn_trans; rewrite mdegE (bigD1 i) //= leq_addr.
move=> mB m'B /(digits _ _ _ _ (small m ix mB) (small m' ix m'B))[].
move=> /(digits _ _ _ _ (small m iy mB) (small m' iy m'B))[z_eq y_eq] x_eq.
apply/mnmP => -[[|[|[|i]]] Hi] //; [move: x_eq | move: y_eq | move: z_eq];
  by rewrite /ix /iy /iz => eq_i; rewrite (bool_irrelevance Hi isT).
Qed.

Lemma mpoly_vanishing (p : {mpoly R[3]}) : (forall v, p.@[v] = 0) -> p = 0.
Proof.
move=> p0; pose B := msize p; pose e := kronecker B.
pose P : {poly R} := \sum_(m <- msupp p) p@_m *: 'X^(e m).
have P0 : P = 0.
  apply: poly_vanishing => t.
  rewrite -[RHS](p0 (fun i => if i == ix then t else if i == iy then t ^+ B else t ^+ (B * B))).
  rewrite mevalE horner_sum; apply: eq_bigr => m _.
  rewrite big_xyz hornerZ hornerXn /=; congr (_ * _).
  by rewrite -!exprM -!exprD /e /kronecker; congr (_ ^+ _); ring.
apply/mpolyP => m; rewrite mcoeff0; case: (boolP (m \in msupp p)) => [mp|/memN_msupp_eq0 //].
have := congr1 (fun Q : {poly R} => Q`_(e m)) P0.
rewrite coef_sum coef0 (bigD1_seq m) ?msupp_uniq //= coefZ coefXn eqxx mulr1 big1_seq ?addr0 // => k /andP[km kp].
rewrite coefZ coefXn; case: eqP => [/kronecker_inj eq_mk|_]; last by rewrite mulr0.
by rewrite eq_mk ?eqxx ?msize_mdeg_lt // in km.
Qed.
End Vanishing.

Section Homogeneity.
Variables (R : comRingType) (n : nat).

Lemma meval_scale d (p : {mpoly R[n]}) a (v : 'I_n -> R) :
  p \is d.-homog -> p.@[fun i => a * v i] = a ^+ d * p.@[v].
Proof.
move=> /dhomogP hp; rewrite !mevalE mulr_sumr big_seq [RHS]big_seq; apply: eq_bigr => m /hp /= <-.
rewrite mulrCA; congr (_ * _); rewrite mdegE -prodrXr -big_split /=.
by apply: eq_bigr => i _; rewrite exprMn.
Qed.
End Homogeneity.

Section Sphere.
Variable R : rcfType.
Implicit Types (p q : {mpoly R[3]}) (h : nat -> {mpoly R[3]}) (v : 'I_3 -> R).

(** The points of the unit sphere. *)
Definition on_sphere v : Prop := \sum_i v i ^+ 2 = 1.

Lemma meval_r2 v : (r2 R).@[v] = \sum_i v i ^+ 2.
Proof. by rewrite /r2 rmorph_sum; apply: eq_bigr => i _; rewrite rmorphX /= mevalXU. Qed.

Lemma on_sphere_opp v : on_sphere v -> on_sphere (fun i => -1 * v i).
Proof. by move=> Sv; rewrite /on_sphere -[RHS]Sv; apply: eq_bigr => i _; rewrite mulN1r sqrrN. Qed.

(** A homogeneous polynomial that vanishes on the sphere is zero: the place where square roots are needed. *)
Lemma sphere_vanishing d p : p \is d.-homog -> (forall v, on_sphere v -> p.@[v] = 0) -> p = 0.
Proof.
move=> hp p0; have: r2 R * p = 0.
  apply: mpoly_vanishing => v; rewrite mevalM meval_r2; set s := \sum_i _.
  case: (eqVneq s 0) => [->|s0]; first by rewrite mul0r.
  have s_ge0 : 0 <= s by apply: sumr_ge0 => i _; apply: sqr_ge0.
  have r0 : Num.sqrt s != 0 by rewrite sqrtr_eq0 -ltNge lt_def s0.
  have -> : p.@[v] = Num.sqrt s ^+ d * p.@[fun i => (Num.sqrt s)^-1 * v i].
    by rewrite -(meval_scale _ _ hp); apply: meval_eq => i; rewrite mulrA divff // mul1r.
  rewrite p0 ?mulr0 //; rewrite /on_sphere -[RHS](divff s0) {3}/s mulr_suml.
  by apply: eq_bigr => i _; rewrite exprMn mulrC exprVn sqr_sqrtr.
move=> /eqP; rewrite mulf_eq0 => /orP[/eqP r20|/eqP //].
have := meval_r2 (fun i => (i == ix)%:R); rewrite r20 meval0 big_xyz /= expr1n expr0n !addr0.
by move=> /esym/eqP; rewrite oner_eq0.
Qed.

Lemma sum_homogenised h N v : on_sphere v ->
  \sum_(l < N.+2) (h l).@[v] = (homogenised h N.+1).@[v] + (homogenised h N).@[v].
Proof.
move=> Sv; elim: N => [|N IH]; first by rewrite !big_ord_recr big_ord0 /= add0r addrC.
rewrite big_ord_recr {}IH [homogenised h N.+2]homogenisedSS /= mevalD mevalM meval_r2 Sv mul1r.
by rewrite addrC addrAC addrA.
Qed.

(** Harmonics of different degrees are independent as functions on the sphere. *)
Theorem harmonics_independent h N : (forall l, harmonic l (h l)) ->
  (forall v, on_sphere v -> \sum_(l < N) (h l).@[v] = 0) -> forall l, (l < N)%N -> h l = 0.
Proof.
move=> hh sum0; pose h' l := if (l < N)%N then h l else 0.
have hh' l : harmonic l (h' l) by rewrite /h'; case: ifP => _ //; apply: harmonic0.
have sum0' v : on_sphere v -> (homogenised h' N.+1).@[v] + (homogenised h' N).@[v] = 0.
  move=> Sv; rewrite -sum_homogenised // -[RHS](sum0 v Sv) !big_ord_recr /= /h' ltnn ltnNge leqnSn /=.
  by rewrite meval0 !addr0; apply: eq_bigr => l _; rewrite ltn_ord.
have zero d : homogenised h' d = 0 -> forall l, (l <= d)%N -> odd l = odd d -> h' l = 0.
  exact: fischer_unique.
have both v : on_sphere v -> (homogenised h' N.+1).@[v] = 0 /\ (homogenised h' N).@[v] = 0.
  move=> Sv; have := sum0' _ (on_sphere_opp Sv); have /eqP := sum0' _ Sv.
  rewrite addr_eq0 => /eqP eqN; rewrite !(meval_scale _ _ (homogenised_homog hh' _)) exprS -mulrA.
  rewrite eqN mulrN mulN1r opprK -mulr2n => /eqP; rewrite mulrn_eq0 /= mulf_eq0 signr_eq0 /=.
  by move=> /eqP N0; rewrite N0 oppr0.
have zeroS := zero _ (sphere_vanishing (homogenised_homog hh' _) (fun v Sv => (both v Sv).1)).
have zeroN := zero _ (sphere_vanishing (homogenised_homog hh' _) (fun v Sv => (both v Sv).2)).
move=> l lN; have <- : h' l = h l by rewrite /h' lN.
case: (boolP (odd l == odd N)) => [/eqP|] par; first by apply: zeroN => //; apply: ltnW.
by apply: zeroS; [apply/leqW/ltnW | move: par => /=; case: (odd l); case: (odd N)].
Qed.

(** f is a sum of harmonics of degrees up to N as a function on the sphere. *)
Definition sum_of_harmonics N (f : ('I_3 -> R) -> R) : Prop :=
  exists2 h, (forall l, harmonic l (h l)) & forall v, on_sphere v -> f v = \sum_(l < N.+1) (h l).@[v].

Lemma sum_of_harmonicsD N f g :
  sum_of_harmonics N f -> sum_of_harmonics N g -> sum_of_harmonics N (fun v => f v + g v).
Proof.
move=> [h hh fE] [k hk gE]; exists (fun l => 1 *: h l + k l) => [l|v Sv]; first exact: harmonic_linear.
by rewrite fE // gE // -big_split; apply: eq_bigr => l _; rewrite /= scale1r mevalD.
Qed.

Lemma harmonic_sum_of_harmonics N l p : (l <= N)%N -> harmonic l p -> sum_of_harmonics N (fun v => p.@[v]).
Proof.
move=> lN hp; exists (fun k => if k == l then p else 0) => [k|v Sv].
  by case: eqP => [->|_] //; apply: harmonic0.
rewrite (bigD1 (Ordinal (lN : (l < N.+1)%N))) //= eqxx big1 ?addr0 // => k kl.
by rewrite ifN ?meval0.
Qed.

(** Restricted to the sphere, a polynomial of degree at most N is a sum of harmonics of degrees up to N. *)
Theorem polynomial_sum_of_harmonics N p : (msize p <= N.+1)%N -> sum_of_harmonics N (fun v => p.@[v]).
Proof.
move=> /(pihomog_partitionE (mf := [measure of mdeg])) pE.
have piece (d : 'I_N.+1) : sum_of_harmonics N (fun v => (pihomog [measure of mdeg] d p).@[v]).
  have [h hh ->] := fischer (pihomogP [measure of mdeg] d p).
  have: (d <= N)%N by rewrite -ltnS.
  move: (d : nat); elim/two_steps => [eN|eN|e IH eN]; try exact: (harmonic_sum_of_harmonics eN (hh _)).
  have [k hk kE] := IH (leq_trans (leqW (leqnSn e)) eN).
  have [k' hk' kE'] := harmonic_sum_of_harmonics eN (hh _).
  exists (fun l => 1 *: k l + k' l) => [l|v Sv]; first exact: harmonic_linear.
  rewrite homogenisedSS mevalD mevalM meval_r2 Sv mul1r kE // kE' // addrC -big_split.
  by apply: eq_bigr => l _; rewrite /= scale1r mevalD.
rewrite pE; elim/big_ind: _ => [|q q' [h hh qE] [k hk qE']|d _] //.
  by exists (fun=> 0) => [l|v _]; [apply: harmonic0 | rewrite meval0 big1 // => l _; rewrite meval0].
exists (fun l => 1 *: h l + k l) => [l|v Sv]; first exact: harmonic_linear.
by rewrite mevalD qE // qE' // -big_split; apply: eq_bigr => l _; rewrite /= scale1r mevalD.
Qed.
End Sphere.
