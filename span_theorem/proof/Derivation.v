(** Derivations of a polynomial ring: given by their values on the variables. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Derivation.
Variables (R : comRingType) (n : nat).
Local Notation A := {mpoly R[n]}.
Implicit Types (p q : A) (g : 'I_n -> A).

(** The derivation that sends X_i to g i. *)
Definition derivation g p : A := \sum_i g i * p^`M(i).

Lemma derivation_is_linear g : linear (derivation g).
Proof.
move=> a p q; rewrite /derivation scaler_sumr -big_split /=; apply: eq_bigr => i _.
by rewrite mderivD mderivZ mulrDr scalerAr.
Qed.
Canonical derivation_additive g := Additive (derivation_is_linear g).
Canonical derivation_linear g := Linear (derivation_is_linear g).

Lemma derivationM g p q : derivation g (p * q) = derivation g p * q + p * derivation g q.
Proof.
rewrite /derivation mulr_suml mulr_sumr -big_split /=; apply: eq_bigr => i _.
by rewrite mderivM mulrDr; congr (_ + _); [rewrite mulrA | rewrite mulrCA].
Qed.

Lemma mderiv_var (i j : 'I_n) : ('X_j : A)^`M(i) = (j == i)%:R.
Proof.
rewrite mderivX mnm1E; case: eqP => [->|_]; last by rewrite scale0r.
by rewrite scale1r (_ : U_(i) - U_(i) = 0)%MM ?mpolyX0 //; apply/mnmP => k; rewrite mnmBE subnn mnm0E.
Qed.

Lemma derivation_var g i : derivation g 'X_i = g i.
Proof.
rewrite /derivation (bigD1 i) //= mderiv_var eqxx mulr1 big1 ?addr0 // => j ji.
by rewrite mderiv_var eq_sym (negPf ji) mulr0.
Qed.

Lemma derivationZ g a p : derivation (fun i => a *: g i) p = a *: derivation g p.
Proof. by rewrite /derivation scaler_sumr; apply: eq_bigr => i _; rewrite scalerAl. Qed.

(** Two operators with Leibniz' rule that agree on the variables are equal. *)
Definition leibniz (D : A -> A) : Prop := forall p q, D (p * q) = D p * q + p * D q.

Lemma leibniz_ext (D D' : {linear A -> A}) : leibniz D -> leibniz D' ->
  (forall i, D 'X_i = D' 'X_i) -> D =1 D'.
Proof.
move=> LD LD' DX.
have one (E : {linear A -> A}) : leibniz E -> E 1 = 0.
  by move=> LE; apply: (addrI (E 1)); rewrite addr0 -[RHS](congr1 E (mulr1 1)) LE mulr1 mul1r.
have power i k : D ('X_i ^+ k) = D' ('X_i ^+ k).
  elim: k => [|k IH]; first by rewrite expr0 !one.
  by rewrite exprS LD LD' DX IH.
have product (r : seq 'I_n) (F : 'I_n -> A) : (forall i, D (F i) = D' (F i)) ->
    D (\prod_(i <- r) F i) = D' (\prod_(i <- r) F i).
  move=> DF; elim: r => [|i r IH]; first by rewrite big_nil !one.
  by rewrite big_cons LD LD' DF IH.
move=> p; rewrite [p]mpolyE !linear_sum; apply: eq_bigr => m _; rewrite !linearZ; congr (_ *: _).
by rewrite mpolyXE_id; apply: product.
Qed.

(** The commutator of two derivations is a derivation: it is enough to know it on the variables. *)
Lemma commutator_ext g h k :
  (forall i, derivation g (h i) - derivation h (g i) = k i) ->
  forall p, derivation g (derivation h p) - derivation h (derivation g p) = derivation k p.
Proof.
move=> ghk; pose C p := derivation g (derivation h p) - derivation h (derivation g p).
have C_linear : linear C by move=> a p q; rewrite /C !derivation_is_linear opprD scalerBr addrACA.
have dk p q : derivation k (p * q) = derivation k p * q + p * derivation k q := derivationM k p q.
apply: (@leibniz_ext (Linear C_linear) [linear of derivation k]) => [p q|//|i]; last first.
  by rewrite /= /C !derivation_var.
rewrite /= /C !derivationM !linearD /= !derivationM mulrBl mulrBr.
set x := derivation h p * _; set y := derivation g p * _; set a := _ * q; set b := p * _.
set a' := _ * q; set b' := p * _.
rewrite -opprD [y + b]addrC [a + x + _]addrACA [x + b']addrC [a' + y + _]addrACA [y + x]addrC.
by rewrite opprD [LHS]addrACA subrr addr0 opprD addrACA.
Qed.

(** Weights: X_i an eigenvector of eigenvalue w i; then monomials are eigenvectors too. *)
Lemma derivation_monomial (w : 'I_n -> R) m :
  derivation (fun i => w i *: 'X_i) 'X_[m] = (\sum_i w i *+ m i) *: ('X_[m] : A).
Proof.
rewrite /derivation scaler_suml; apply: eq_bigr => i _.
rewrite mderivX -scalerAl -scalerAr scalerA mulr_natr -mpolyXD.
case: (posnP (m i)) => [->|mi]; first by rewrite mulr0n !scale0r.
by congr (_ *: 'X_[_]); apply/mnmP => j; rewrite mnmDE mnmBE mnm1E; case: eqP => [<-|]; rewrite ?subnKC ?subn0.
Qed.

Lemma mcoeff_derivation (w : 'I_n -> R) p m :
  (derivation (fun i => w i *: 'X_i) p)@_m = (\sum_i w i *+ m i) * p@_m.
Proof.
elim/mpolyind: p => [|c k q _ _ IH]; first by rewrite linear0 !mcoeff0 mulr0.
rewrite derivation_is_linear !(mcoeffD, mcoeffZ) IH mulrDr derivation_monomial mcoeffZ mcoeffX.
by congr (_ + _); case: eqP => [->|_]; rewrite ?mulr0 // !mulr1 mulrC.
Qed.
End Derivation.

(** Euler: the degree of a homogeneous polynomial is an eigenvalue. *)
Lemma euler (R : comRingType) n d (p : {mpoly R[n]}) : p \is d.-homog -> \sum_i 'X_i * p^`M(i) = d%:R *: p.
Proof.
move=> hp; rewrite (eq_bigr (fun i => (1 *: 'X_i) * p^`M(i))) => [|i _]; last by rewrite scale1r.
apply/mpolyP => m; rewrite [LHS](mcoeff_derivation (fun=> 1)) mcoeffZ -natr_sum -mdegE.
have [/eqP -> //|md] := boolP (mdeg m == d).
by rewrite (dhomog_nemf_coeff hp md) !mulr0.
Qed.
