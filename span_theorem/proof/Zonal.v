(** (x + iy)^m, and its product with a homogeneous polynomial in z and r: harmonic, if the coefficients of that
    satisfy the recurrence of Legendre's equation. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Derivation Laplacian Fischer.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Zonal.
Variable R : numFieldType.
Local Notation P := {mpoly R[3]}.
Local Notation x := ('X_ix : P).
Local Notation y := ('X_iy : P).
Local Notation z := ('X_iz : P).
Implicit Types p : P.

(** Real and imaginary part of (x + iy)^m. *)
Fixpoint re_im m : P * P :=
  if m is k.+1 then (x * (re_im k).1 - y * (re_im k).2, x * (re_im k).2 + y * (re_im k).1) else (1, 0).
Definition re m : P := (re_im m).1.
Definition im m : P := (re_im m).2.

Lemma reS m : re m.+1 = x * re m - y * im m. Proof. by []. Qed.
Lemma imS m : im m.+1 = x * im m + y * re m. Proof. by []. Qed.

(** The homogeneous polynomial of degree n in z and r that is q(z) on the sphere. *)
Definition zonal n (q : {poly R}) : P := \sum_(j < n./2.+1) q`_(n - j.*2) *: (r2 R ^+ j * z ^+ (n - j.*2)).

Lemma x_homog : x \is 1.-homog. Proof. by rewrite dhomogX /= mdeg1. Qed.
Lemma y_homog : y \is 1.-homog. Proof. by rewrite dhomogX /= mdeg1. Qed.
Lemma z_homog : z \is 1.-homog. Proof. by rewrite dhomogX /= mdeg1. Qed.

Lemma re_im_homog m : re m \is m.-homog /\ im m \is m.-homog.
Proof.
elim: m => [|m [hr hi]]; first by split; [apply: dhomog1 | apply: dhomog0].
rewrite reS imS; split; [apply: rpredB | apply: rpredD].
- exact: (dhomogM x_homog hr).
- exact: (dhomogM y_homog hi).
- exact: (dhomogM x_homog hi).
- exact: (dhomogM y_homog hr).
Qed.

Lemma re_im_z m : (re m)^`M(iz) = 0 /\ (im m)^`M(iz) = 0.
Proof.
elim: m => [|m [rz uz]]; first by rewrite /re /im /= (mderivC _ 1) mderiv0.
by rewrite reS imS mderivB mderivD !mderivM !mderiv_var rz uz /= !mul0r !mulr0 !addr0 subr0.
Qed.

Lemma cauchy_riemann m : (re m)^`M(ix) = (im m)^`M(iy) /\ (re m)^`M(iy) = - (im m)^`M(ix).
Proof.
elim: m => [|m [rx ry]]; first by rewrite /re /im /= !(mderivC _ 1) !mderiv0 oppr0.
rewrite reS imS !mderivB !mderivD !mderivM !mderiv_var rx ry /= !mul0r !mul1r !add0r; split.
  by rewrite mulrN addrA [_ + re m]addrC.
by rewrite mulrN -opprD addrA [_ + im m]addrC.
Qed.

Lemma laplacian_var_mul i p : laplacian ('X_i * p) = 'X_i * laplacian p + 2%:R *: p^`M(i).
Proof.
rewrite laplacianM [laplacian 'X_i](laplacian_low (d := 1)) ?dhomogX /= ?mdeg1 // mul0r add0r.
congr (_ + _ *: _); rewrite (bigD1 i) //= big1 => [|j ji]; rewrite mderiv_var; first by rewrite eqxx mul1r addr0.
by rewrite eq_sym (negPf ji) mul0r.
Qed.

Lemma re_im_laplacian m : laplacian (re m) = 0 /\ laplacian (im m) = 0.
Proof.
elim: m => [|m [lr li]].
  by split; [apply: (laplacian_low (d := 0)); rewrite ?dhomog1 | apply: linear0].
have [rx ry] := cauchy_riemann m.
rewrite reS imS linearB linearD /= !laplacian_var_mul lr li !mulr0 !add0r rx ry.
by rewrite subrr scalerN addrN.
Qed.

Lemma mderiv_z_power k i : (z ^+ k)^`M(i) = (if i == iz then k%:R else 0) *: z ^+ k.-1.
Proof.
elim: k => [|k IH]; first by rewrite (mderivC _ 1) if_same scale0r.
rewrite exprS mderivM mderiv_var IH eq_sym; case: eqP => _; last by rewrite mul0r !scale0r mulr0 addr0.
case: k {IH} => [|k]; first by rewrite scale0r mulr0 addr0 mul1r scale1r.
by rewrite mul1r -scalerAr -exprS -[X in X + _]scale1r -scalerDl -(natrD _ 1).
Qed.

(** Laplacian of (a harmonic C in x, y) z^k, ... *)
Lemma laplacian_z_power (C : P) k : C^`M(iz) = 0 -> laplacian C = 0 ->
  laplacian (C * z ^+ k) = (k * k.-1)%:R *: (C * z ^+ k.-2).
Proof.
move=> Cz lC; rewrite laplacianM lC mul0r add0r /laplacian !big_xyz /= !mderiv_z_power /= Cz mul0r !scale0r !mulr0.
by rewrite !(mderiv0, add0r, addr0, scaler0) mderivZ mderiv_z_power /= scalerA -natrM scalerAr.
Qed.

(** ... and of r^2j times a homogeneous polynomial. *)
Lemma laplacian_r2_power j e p : p \is e.-homog -> laplacian (r2 R ^+ j * p) =
  r2 R ^+ j * laplacian p + (2 * j * (2 * j + 2 * e + 1))%:R *: (r2 R ^+ j.-1 * p).
Proof.
move=> hp; elim: j => [|j IH]; first by rewrite expr0 !mul1r muln0 mul0n scale0r addr0.
have hj : r2 R ^+ j * p \is (2 * j + e).-homog by apply: dhomogM hp; apply: dhomogMn (r2_homog R).
rewrite exprS -!mulrA -[r2 R * _]/(times_r2 _) (laplacian_times_r2 hj) IH /times_r2 mulrDr -addrA; congr (_ + _).
rewrite -scalerAr; case: j {IH hj} => [|j].
  by rewrite muln0 mul0n scale0r add0r expr0 mul1r; congr (_%:R *: _); lia.
by rewrite mulrA -exprS -scalerDl -natrD; congr (_%:R *: _); lia.
Qed.

(** Legendre's equation makes the product with a zonal polynomial harmonic. *)
Lemma zonal_harmonic (C : P) m n (q : {poly R}) : C \is m.-homog -> C^`M(iz) = 0 -> laplacian C = 0 ->
  (forall k, (k.+2 <= n)%N -> (k.+2 * k.+1)%:R * q`_k.+2 = - ((n - k) * (n + k + 2 * m + 1))%:R * q`_k) ->
  harmonic (m + n) (C * zonal n q).
Proof.
move=> hC Cz lC rec; set J := n./2; have nJ : (J.*2 <= n)%N by rewrite -[X in (_ <= X)%N](odd_double_half n) leq_addl.
have E : C * zonal n q = \sum_(j < J.+1) q`_(n - j.*2) *: (r2 R ^+ j * (C * z ^+ (n - j.*2))).
  by rewrite mulr_sumr; apply: eq_bigr => j _; rewrite -scalerAr mulrCA.
have hom k : C * z ^+ k \is (m + k).-homog.
  by apply: (dhomogM hC); have := dhomogMn k z_homog; rewrite mul1n.
split; rewrite E.
  apply: rpred_sum => j _; apply: rpredZ.
  have jJ : (j <= J)%N by rewrite -ltnS.
  rewrite (_ : (m + n = 2 * j + (m + (n - j.*2)))%N); last by move: jJ nJ; rewrite -!muln2; lia.
  by apply: dhomogM (hom _); apply: dhomogMn (r2_homog R).
rewrite linear_sum /=.
rewrite (eq_bigr (fun j : 'I_J.+1 =>
    (q`_(n - j.*2) * ((n - j.*2) * (n - j.*2).-1)%:R) *: (r2 R ^+ j * (C * z ^+ (n - j.*2).-2)) +
    (q`_(n - j.*2) * (2 * j * (2 * j + 2 * (m + (n - j.*2)) + 1))%:R) *: (r2 R ^+ j.-1 * (C * z ^+ (n - j.*2)))))
  => [|j _]; last first.
  by rewrite linearZ /= (laplacian_r2_power _ (hom _)) laplacian_z_power // -scalerAr scalerDr !scalerA.
rewrite big_split /= big_ord_recr [X in _ + X]big_ord_recl /= muln0 mul0n mulr0 scale0r add0r.
rewrite (_ : ((n - J.*2) * (n - J.*2).-1 = 0)%N); last first.
  suff -> : (n - J.*2 = odd n)%N by case: (odd n).
  by rewrite -[X in (X - _)%N](odd_double_half n) addnK.
rewrite mulr0 scale0r addr0 -big_split big1 //= => j _.
rewrite /bump /= add1n doubleS; set k := (n - j.*2.+2)%N.
have jJ := ltn_ord j; have nk : (n - j.*2 = k.+2)%N by move: jJ nJ; rewrite /k -!muln2; lia.
rewrite nk /= -scalerDl [q`_k.+2 * _]mulrC rec; last by rewrite -nk leq_subr.
rewrite mulNr [q`_k * _]mulrC (_ : (n - k) * (n + k + 2 * m + 1) = 2 * j.+1 * (2 * j.+1 + 2 * (m + k) + 1))%N.
  by rewrite addNr scale0r.
have -> : n = (k + 2 * j.+1)%N by move: nk jJ nJ; rewrite -!muln2; lia.
by rewrite addKn; lia.
Qed.
End Zonal.
