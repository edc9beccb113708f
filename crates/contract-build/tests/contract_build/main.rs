//! Contracts that the compiler refuses, and packages that use the compiler.

mod outside_workspace;
mod refusals;
