(** The theorems, stated in one place; the proofs stand in the other files. R is any real closed field.

    What the words mean. [on_sphere v] (Sphere.v): v_x^2 + v_y^2 + v_z^2 = 1. [harmonic l p] (Fischer.v): p is a
    homogeneous polynomial of degree l in x, y, z with Laplacian 0. [is_basis S B] (Basis.v): every B i satisfies S, and
    every p with S p is in exactly one way a linear combination of the B i. [polynomial_in_features Y L d f]
    (Features.v): f is on the sphere a polynomial of total degree at most d in the Y_lm, l <= L.
    [combination Y N f]: f is on the sphere a linear combination of the Y_lm, l <= N. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Basis Derivation Laplacian Fischer Sphere Index Features Dimension Weights Sl2.
From SpanTheorem Require Import HighestWeight Legendre Zonal Explicit Parity.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section AnyBases.
Variables (R : rcfType) (Y : forall l, 'I_(2 * l + 1) -> {mpoly R[3]}).
Hypothesis Y_basis : forall l, is_basis (harmonic l) (@Y l).

(** Polynomials of degree at most d in the harmonics Y_lm of degrees l <= L are, as functions on the sphere, exactly the
    linear combinations of the harmonics of degrees l <= dL. *)
Theorem span L d (f : ('I_3 -> R) -> R) : polynomial_in_features Y L d f <-> combination Y (d * L) f.
Proof. exact: span_theorem. Qed.

(** Such a linear combination is unique: its coefficients are determined by its values on the sphere. *)
Theorem unique N (c c' : forall l, 'I_(2 * l + 1) -> R) :
  (forall v, on_sphere v -> combine Y N c v = combine Y N c' v) ->
  forall l (i : 'I_(2 * l + 1)), (l <= N)%N -> c l i = c' l i.
Proof. exact: combination_unique. Qed.

(** Every harmonic of degree l <= dL is reached. *)
Theorem reached L d l (p : {mpoly R[3]}) : (l <= d * L)%N -> harmonic l p ->
  polynomial_in_features Y L d (fun v => p.@[v]).
Proof. exact: harmonic_reached. Qed.

(** In whatever way a polynomial of degree at most d in the features is written as a sum of harmonics, its component of
    degree l is zero for every l > dL. *)
Theorem zero_above L d N (h : nat -> {mpoly R[3]}) (f : ('I_3 -> R) -> R) :
  polynomial_in_features Y L d f -> (forall l, harmonic l (h l)) ->
  (forall v, on_sphere v -> f v = \sum_(l < N) (h l).@[v]) ->
  forall l, (d * L < l < N)%N -> h l = 0.
Proof. exact: component_above_is_zero. Qed.
End AnyBases.

(** Features of one degree L alone: in a polynomial all whose monomials have degree k, only degrees l <= kL of the parity of kL
    occur. *)
Theorem exact_parity (R : rcfType) n (B : 'I_n -> {mpoly R[3]}) k L N (q : {mpoly R[n]}) (h : nat -> {mpoly R[3]}) :
  (forall i, harmonic L (B i)) -> q \is k.-homog -> (forall l, harmonic l (h l)) ->
  (forall v, on_sphere v -> q.@[fun i => (B i).@[v]] = \sum_(l < N) (h l).@[v]) ->
  forall l, (l < N)%N -> h l != 0 -> (l <= k * L)%N /\ odd l = odd (k * L).
Proof. exact: exact_degrees. Qed.

(** The harmonics Y_lm of degrees l <= N are (N+1)^2. *)
Theorem count N : #|{: index N}| = (N.+1 ^ 2)%N.
Proof. exact: card_index. Qed.

(** There are 2l+1 harmonics of degree l that are a basis, ... *)
Theorem basis (R : rcfType) l : exists B : 'I_(2 * l + 1) -> {mpoly R[3]}, is_basis (harmonic l) B.
Proof. exact: harmonic_basis. Qed.

(** ... and every basis of them has 2l+1 elements: H_l has dimension 2l+1. *)
Theorem dimension (R : rcfType) l n (B : 'I_n -> {mpoly R[3]}) : is_basis (harmonic l) B -> n = (2 * l + 1)%N.
Proof. exact: harmonic_basis_size. Qed.

(** Multiplicity one by counting weights, L >= 1: with N(w) the number of monomials of degree at most d and weight w in
    the features, N(dL) - N(dL+1) = 1, ... *)
Theorem multiplicity_at_boundary L d : (0 < L)%N -> multiplicity L d (d * L) = 1.
Proof. exact: multiplicity_one. Qed.

(** ... and N(l) - N(l+1) = 0 for l > dL. *)
Theorem multiplicity_beyond L d l : (d * L < l)%N -> multiplicity L d l = 0.
Proof. exact: multiplicity_above. Qed.

Section AnyFeatures.
Variables (R : rcfType) (L : nat).
Implicit Types p : {mpoly R[#|{: index L}|]}.

(** The raising, lowering and weight operators E, F, H act on the polynomials in the features by derivations and
    satisfy [E, F] = H, [H, E] = 2E, [H, F] = -2F. *)
Theorem sl2 p : [/\ E (F p) - F (E p) = H p, H (E p) - E (H p) = 2%:R *: E p & H (F p) - F (H p) = - 2%:R *: F p].
Proof. by split; [apply: commutator_E_F | apply: commutator_H_E | apply: commutator_H_F]. Qed.

(** The multiplicity of every l: the highest-weight vectors of weight l among the polynomials of degree at most d in the
    features form a space of dimension N(l) - N(l+1). *)
Theorem multiplicities d (l : nat) : exists k (B : 'I_k -> {mpoly R[#|{: index L}|]}),
  is_basis (highest_weight_vector d l) B /\ k%:Z = multiplicity L d l.
Proof. exact: multiplicity_dimension. Qed.

(** Multiplicity one, L >= 1: the highest-weight vectors of weight dL are the multiples of (Y_LL)^d, ... *)
Theorem one_highest_weight_vector d : (0 < L)%N ->
  is_basis (highest_weight_vector d (d * L)%:Z) (fun _ : 'I_1 => var R (top L) ^+ d).
Proof. exact: highest_weight_top. Qed.

(** ... and there are none of weight above dL. *)
Theorem no_highest_weight_vector d (w : int) p : (d * L)%:Z < w -> highest_weight_vector d w p -> p = 0.
Proof. exact: highest_weight_above. Qed.
End AnyFeatures.

(** The real harmonics that the field computes with, real and imaginary parts of (x + iy)^m times a polynomial in z and
    r, are such bases ... *)
Theorem explicit_basis (R : rcfType) l : is_basis (harmonic l) (@Y R l).
Proof. exact: Y_basis. Qed.

(** ... and are on the sphere those of (x + iy)^m times the m-th derivative of the Legendre polynomial P_l at z. *)
Theorem explicit_values (R : rcfType) l (i : 'I_(2 * l + 1)) (v : 'I_3 -> R) : on_sphere v ->
  (Y R i).@[v] = if (i < l)%N then (im R (l - i)).@[v] * (legendre_derivative R l (l - i)).[v iz]
               else (re R (i - l)).@[v] * (legendre_derivative R l (i - l)).[v iz].
Proof. exact: Y_on_sphere. Qed.
