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

Section Explicit.
Variable R : rcfType.
Local Notation P := {mpoly R[3]}.
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
have [[hr hi] [rz uz] [lr li]] m := And3 (re_im_homog R m) (re_im_z R m) (re_im_laplacian R m).
rewrite /Y /harmonic_at; case: ifP => il; apply: Z_harmonic => //; first exact: leq_subr.
by have := ltn_ord i; lia.
Qed.

(** On the sphere a zonal polynomial is q(z). *)
Lemma parity_sum (f : nat -> R) n : (forall k, odd k != odd n -> f k = 0) ->
  \sum_(k < n.+1) f k = \sum_(j < n./2.+1) f (n - j.*2)%N.
Proof.
elim/two_steps: n => [par|par|n IH par]; first by rewrite !big_ord1.
  by rewrite big_ord_recr /= !big_ord1 par // add0r.
rewrite !big_ord_recr /= [X in _ + X + _]par ?addr0; last by rewrite /= negbK; case: (odd n).
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
End Explicit.
