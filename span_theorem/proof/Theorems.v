(** The theorems in one place. Every statement stands in the file that its comment names; below, Coq is asked for
    the axioms that each rests on. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Sphere Features Dimension Index Weights Sl2 HighestWeight.

Print Assumptions span_theorem.
