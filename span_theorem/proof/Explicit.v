(** The real spherical harmonics written out: real and imaginary part of (x + iy)^m times the polynomial that is the
    m-th derivative of P_l(z) on the sphere. They are a basis of the harmonics of degree l. *)
From mathcomp Require Import all_ssreflect all_algebra zify.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Basis Derivation Laplacian Fischer Sphere Dimension Legendre Zonal.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** Eigenvectors of different eigenvalues are independent. *)
Lemma eigenvectors_independent (K : fieldType) (V : lmodType K) (T : {linear V -> V}) (e : nat -> K) :
  injective e -> forall n (v : nat -> V), (forall k, T (v k) = e k *: v k) ->
  \sum_(k < n) v k = 0 -> forall k, (k < n)%N -> v k = 0.
Proof.
move=> e_inj; elim=> // n IH v ev; rewrite big_ord_recr /= => sum0.
have small k : (k < n)%N -> v k = 0.
  move=> kn; pose w j := (e j - e n) *: v j.
  have: w k = 0; last by move/eqP; rewrite scaler_eq0 subr_eq0 (inj_eq e_inj) (ltn_eqF kn) => /eqP.
  apply: IH kn => [j|]; first by rewrite linearZ /= ev !scalerA mulrC.
  have := congr1 T sum0; rewrite linear0 linearD linear_sum /= ev => Tsum0.
  rewrite (eq_bigr (fun j : 'I_n => T (v j) - e n *: v j)) => [|j _]; last by rewrite /w scalerBl ev.
  rewrite sumrB -scaler_sumr; apply/eqP; rewrite subr_eq0; apply/eqP.
  move/eqP: sum0; rewrite addr_eq0 => /eqP ->; rewrite scalerN.
  by move/eqP: Tsum0; rewrite addr_eq0 => /eqP.
move=> k; rewrite ltnS leq_eqVlt => /orP[/eqP ->|/small //].
by move: sum0; rewrite big1 ?add0r // => j _; apply: small.
Qed.

Section Explicit.
Variable R : rcfType.
Local Notation P := {mpoly R[3]}.
Local Notation x := ('X_ix : P).
Local Notation y := ('X_iy : P).
Implicit Types (p C : P) (v : 'I_3 -> R).

(** The polynomial that is the m-th derivative of P_l(z) on the sphere. *)
Definition Z l m : P := zonal (l - m) (legendre_derivative R l m).

(** Y_(l,m) for m = i - l: the real part for m >= 0, the imaginary part for m < 0. *)
Definition harmonic_at l i : P := if (i < l)%N then im R (l - i) * Z l (l - i) else re R (i - l) * Z l (i - l).
Definition Y l (i : 'I_(2 * l + 1)) : P := harmonic_at l i.

Lemma Z_harmonic C l m : (m <= l)%N -> C \is m.-homog -> C^`M(iz) = 0 -> laplacian C = 0 -> harmonic l (C * Z l m).
Proof.
move=> ml hC Cz lC; rewrite -[X in harmonic X](subnKC ml); apply: zonal_harmonic => // k kn.
rewrite legendre_recurrence //; congr (_ * _); rewrite natrM -mulNr; congr (_ * _%:R); last lia.
have k_le : (k <= l - m)%N by apply: leq_trans kn; rewrite leqW.
by rewrite (natrB _ k_le) opprB.
Qed.

Theorem Y_harmonic l (i : 'I_(2 * l + 1)) : harmonic l (Y i).
Proof.
have parts m : (m <= l)%N -> harmonic l (re R m * Z l m) /\ harmonic l (im R m * Z l m).
  move=> ml; have [hr hi] := re_im_homog R m; have [rz uz] := re_im_z R m.
  by have [lr li] := re_im_laplacian R m; split; apply: Z_harmonic.
rewrite /Y /harmonic_at; case: ifP => il; first exact: (parts _ (leq_subr _ _)).2.
by apply: (parts _ _).1; have := ltn_ord i; lia.
Qed.

(** On the sphere a zonal polynomial is q(z). *)
Lemma parity_sum (f : nat -> R) n : (forall k, odd k != odd n -> f k = 0) ->
  \sum_(k < n.+1) f k = \sum_(j < n./2.+1) f (n - j.*2)%N.
Proof.
elim/two_steps: n => [par|par|n IH par]; first by rewrite !big_ord1.
  by rewrite big_ord_recr /= !big_ord1 par // add0r.
rewrite 2!big_ord_recr /= [X in _ + X + _]par ?addr0; last by rewrite /= negbK; case: (odd n).
rewrite IH => [|k par_k]; last by apply: par; rewrite /= negbK.
by rewrite [RHS]big_ord_recl addrC.
Qed.

Lemma zonal_on_sphere n (q : {poly R}) v : on_sphere v -> (forall k, (n < k)%N -> q`_k = 0) ->
  (forall k, odd k != odd n -> q`_k = 0) -> (zonal n q).@[v] = q.[v iz].
Proof.
move=> Sv deg_q par; have size_q : (size q <= n.+1)%N by apply/leq_sizeP => k; apply: deg_q.
rewrite (horner_coef_wide _ size_q) (@parity_sum (fun k => q`_k * v iz ^+ k)) => [|k /par ->]; last by rewrite mul0r.
rewrite /zonal rmorph_sum; apply: eq_bigr => j _.
by rewrite /= mevalZ mevalM !rmorphX /= meval_r2 Sv expr1n mul1r mevalXU.
Qed.

Lemma Z_on_sphere l m v : (m <= l)%N -> on_sphere v -> (Z l m).@[v] = (legendre_derivative R l m).[v iz].
Proof.
by move=> ml Sv; apply: zonal_on_sphere => // k; [apply: legendre_degree | apply: legendre_parity].
Qed.

(** On the sphere Y_(l,m) is the real or imaginary part of (x + iy)^|m| times the |m|-th derivative of P_l at z. *)
Theorem Y_on_sphere l (i : 'I_(2 * l + 1)) v : on_sphere v ->
  (Y i).@[v] = if (i < l)%N then (im R (l - i)).@[v] * (legendre_derivative R l (l - i)).[v iz]
               else (re R (i - l)).@[v] * (legendre_derivative R l (i - l)).[v iz].
Proof.
move=> Sv; rewrite /Y /harmonic_at; case: ifP => il; rewrite mevalM Z_on_sphere ?leq_subr //.
by have := ltn_ord i; lia.
Qed.

Lemma Z_neq0 l m : (m <= l)%N -> Z l m != 0.
Proof.
move=> ml; apply/eqP => Z0; have /eqP := legendre_lead R ml; apply.
suff -> : legendre_derivative R l m = 0 by rewrite coef0.
pose t (k : nat) : R := k.+1%:R^-1.
apply: (@roots_geq_poly_eq0 _ _ [seq t k | k <- iota 0 (size (legendre_derivative R l m))]).
- apply/allP => _ /mapP[k _ ->]; rewrite /root -[t k]/((fun i : 'I_3 => if i == iz then t k else
    if i == ix then Num.sqrt (1 - t k ^+ 2) else 0) iz) -Z_on_sphere // ?Z0 ?meval0 //.
  rewrite /on_sphere big_xyz /= expr0n add0r sqr_sqrtr ?subrK // subr_ge0 exprn_ile1 //.
    by rewrite invr_ge0 ler0n.
  by rewrite invf_le1 ?ltr0n // ler1n.
- rewrite map_inj_uniq ?iota_uniq // => j k /invr_inj /eqP.
  by rewrite eqr_nat => /eqP [].
- by rewrite size_map size_iota.
Qed.

(** The rotation about z acts on them: J (x + iy)^m = i m (x + iy)^m. *)
Definition rotation : P -> P := derivation (fun i => if i == ix then - 'X_iy else if i == iy then 'X_ix else 0).
Canonical rotation_additive := Additive (derivation_is_linear _ : linear rotation).
Canonical rotation_linear := Linear (derivation_is_linear _ : linear rotation).

Let JM p q : rotation (p * q) = rotation p * q + p * rotation q. Proof. exact: derivationM. Qed.

Let JD p q : rotation (p + q) = rotation p + rotation q. Proof. exact: linearD. Qed.
Let JB p q : rotation (p - q) = rotation p - rotation q. Proof. exact: linearB. Qed.

Lemma rotation_re_im m : rotation (re R m) = - (m%:R *: im R m) /\ rotation (im R m) = m%:R *: re R m.
Proof.
have Jx : rotation 'X_ix = - 'X_iy by rewrite /rotation derivation_var.
have Jy : rotation 'X_iy = 'X_ix by rewrite /rotation derivation_var.
elim: m => [|m [Jr Ji]].
  by rewrite /re /im /= !scale0r oppr0 linear0 /rotation /derivation big1 // => i _; rewrite (mderivC _ 1) mulr0.
have mS (p : P) : m.+1%:R *: p = m%:R *: p + p by rewrite -[m.+1]addn1 natrD scalerDl scale1r.
rewrite reS imS JB JD !JM Jx Jy Jr Ji !mulNr !mulrN -!scalerAr !mS; split.
  rewrite -!opprD scalerDr; congr (- _); rewrite [y * _ + _]addrC addrACA [RHS]addrACA; congr (_ + _).
  exact: addrC.
rewrite scalerBr [- _ + _]addrC addrACA [RHS]addrACA; congr (_ + _); exact: addrC.
Qed.

Lemma rotation_Z l m : rotation (Z l m) = 0.
Proof.
have power p k : rotation p = 0 -> rotation (p ^+ k) = 0.
  move=> Jp; elim: k => [|k IH]; last by rewrite exprS JM Jp IH mul0r mulr0 addr0.
  by rewrite expr0 /rotation /derivation big1 // => i _; rewrite (mderivC _ 1) mulr0.
have Jz : rotation 'X_iz = 0 by rewrite /rotation derivation_var.
have Jr : rotation (r2 R) = 0.
  by rewrite /rotation /derivation big_xyz /= !mderiv_r2 mul0r addr0 mulNr -!scalerAr mulrC addNr.
rewrite /Z /zonal linear_sum big1 // => j _.
by rewrite linearZ /= JM (power _ _ Jr) (power _ _ Jz) mul0r mulr0 addr0 scaler0.
Qed.

Definition rotation2 p : P := rotation (rotation p).
Lemma rotation2_is_linear : linear rotation2.
Proof. by move=> a p q; rewrite /rotation2 /rotation !derivation_is_linear. Qed.
Canonical rotation2_additive := Additive rotation2_is_linear.
Canonical rotation2_linear := Linear rotation2_is_linear.

Lemma rotation2_Y l m C : C = re R m \/ C = im R m -> rotation2 (C * Z l m) = - (m ^ 2)%:R *: (C * Z l m).
Proof.
have [Jr Ji] := rotation_re_im m; have Jneg p : rotation (- p) = - rotation p by apply: linearN.
have Jscale a p : rotation (a *: p) = a *: rotation p by apply: linearZ.
rewrite /rotation2 => C_re_im; rewrite JM rotation_Z mulr0 addr0 JM rotation_Z mulr0 addr0 scalerAl; congr (_ * _).
by case: C_re_im => ->; rewrite ?Jr ?Ji ?Jneg Jscale ?Jr ?Ji ?scalerN scalerA -natrM mulnn scaleNr.
Qed.

(** A sum over the orders -l..l, the two of the same absolute value together. *)
Lemma sum_orders l (f : nat -> P) :
  \sum_(i < 2 * l + 1) f i = \sum_(m < l.+1) (if m == 0%N :> nat then f l else f (l + m)%N + f (l - m)%N).
Proof.
rewrite (_ : 2 * l + 1 = l + l.+1)%N; last lia.
rewrite -(big_mkord xpredT) (big_cat_nat _ _ (n := l)) ?leq_addr //= -{2}[l]add0n big_addn addKn !big_mkord.
rewrite [X in _ + X]big_ord_recl add0n [RHS]big_ord_recl addrCA; congr (_ + _).
rewrite (reindex_inj rev_ord_inj) -big_split; apply: eq_bigr => m _ /=.
by rewrite /bump /= add1n addrC addnC.
Qed.

Lemma harmonics_free l c : lin (@Y l) c = 0 -> c = 0.
Proof.
pose cn i : R := if insub i is Some j then c 0 (j : 'I_(2 * l + 1)) else 0.
have cnE (i : 'I_(2 * l + 1)) : cn i = c 0 i by rewrite /cn valK.
rewrite /lin (eq_bigr (fun i : 'I__ => cn i *: harmonic_at l i)) => [|i _]; last by rewrite cnE.
rewrite (sum_orders l (fun i => cn i *: harmonic_at l i)).
pose pair m : P := (cn (l + m)%N *: re R m + (if m == 0%N then 0 else cn (l - m)%N) *: im R m) * Z l m.
rewrite (eq_bigr (fun m : 'I_l.+1 => pair m)) => [|m _]; last first.
  rewrite /pair /harmonic_at; have [m0|m0] := eqVneq (m : nat) 0%N.
    by rewrite m0 addn0 ltnn subnn scale0r addr0 scalerAl.
  rewrite ltnNge leq_addr /= addKn mulrDl !scalerAl; congr (_ + _).
  have ml : (m <= l)%N by rewrite -ltnS.
  have m_pos : (0 < m)%N by rewrite lt0n.
  by rewrite ltn_subrL m_pos (leq_trans m_pos ml) /= (subKn ml) scalerAl.
move=> sum0; have pair0 m : (m < l.+1)%N -> pair m = 0.
  pose e k : R := - (k ^ 2)%:R.
  have e_inj : injective e by move=> j k /oppr_inj/eqP; rewrite eqr_nat eqn_exp2r // => /eqP.
  move: m; apply: (eigenvectors_independent (T := [linear of rotation2]) e_inj) sum0 => k.
  have R2D p q : rotation2 (p + q) = rotation2 p + rotation2 q by apply: linearD.
  have R2Z a p : rotation2 (a *: p) = a *: rotation2 p by apply: linearZ.
  rewrite /= /pair mulrDl -!scalerAl R2D !R2Z !rotation2_Y; [|by right|by left].
  by rewrite scalerDr !scalerA /e ![- _ * _]mulrC.
pose e1 (i : 'I_3) : R := (i == ix)%:R.
have at_e1 m : (re R m).@[e1] = 1 /\ (im R m).@[e1] = 0.
  elim: m => [|m [r u]]; first by rewrite /re /im /= meval1 meval0.
  by rewrite reS imS mevalB mevalD !mevalM !mevalXU r u /e1 /= !(mul0r, mulr0, mul1r, addr0, subr0).
have zero m : (m <= l)%N -> cn (l + m)%N = 0 /\ ((0 < m)%N -> cn (l - m)%N = 0).
  move=> ml; have /eqP := pair0 m ml; rewrite /pair mulf_eq0 (negPf (Z_neq0 ml)) orbF => /eqP.
  have [r u] := at_e1 m; set b := if _ then _ else _ => eq0.
  have a0 : cn (l + m)%N = 0.
    have := congr1 (meval e1) eq0.
    by rewrite mevalD !mevalZ r u mulr1 mulr0 addr0 meval0.
  split=> // m_pos; move: eq0; rewrite a0 scale0r add0r => /(congr1 rotation).
  rewrite linear0 linearZ /= (rotation_re_im m).2 => /(congr1 (meval e1)).
  rewrite !mevalZ r mulr1 meval0 => /eqP; rewrite mulf_eq0 pnatr_eq0 (gtn_eqF m_pos) orbF /b (gtn_eqF m_pos).
  by move/eqP.
apply/rowP => i; rewrite mxE -cnE; have i_le : (i <= 2 * l)%N by rewrite -ltnS -[X in (_ < X)%N]addn1.
have [li|il] := leqP l i.
  have ml : (i - l <= l)%N by rewrite leq_subLR addnn -mul2n.
  by have [] := zero _ ml; rewrite subnKC.
by have [_ /(_ _)] := zero _ (leq_subr i l); rewrite subKn ?(ltnW il) // subn_gt0 => /(_ il).
Qed.

(** They are a basis of the harmonics of degree l. *)
Theorem Y_basis l : is_basis (harmonic l) (@Y l).
Proof. by apply: independent_harmonics_basis; [apply: Y_harmonic | apply: harmonics_free]. Qed.
End Explicit.
