//! Contracts that the compiler rejects, and packages that use the compiler.

mod outside_workspace;
mod rejections;
