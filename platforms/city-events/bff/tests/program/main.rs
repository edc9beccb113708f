//! The program of the gateway, and its committed files for operators.

mod deployment;
mod startup;
