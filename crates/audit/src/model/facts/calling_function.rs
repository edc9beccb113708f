//! Functions of Python with the names that they call, and the queues that run functions.

use std::sync::Arc;

use crate::model::Fact;

/// What limits the time of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunLimit {
    /// A queue runs the function as a job, and ends the job after a time.
    Job,
    /// The function answers requests, runs at the start, or is a job without a time limit.
    Unlimited,
    /// The functions that call it decide.
    Callers,
}

/// A function, or the top level of a module.
#[derive(Debug, Clone)]
pub struct CallingFunction {
    /// The name. For a constructor that of the class, and empty for the top level of a module.
    pub name: Arc<str>,
    /// Whether only calls with a receiver run the function.
    pub is_method: bool,
    /// What limits the time of the function.
    pub limit: RunLimit,
    /// The called names, and whether the call has a receiver.
    pub calls: Vec<(Arc<str>, bool)>,
}

impl Fact for CallingFunction {
    const KIND: &'static str = "functions and the names that they call";
}

/// A function that code passes to a queue, which runs it as a job.
#[derive(Debug, Clone)]
pub struct EnqueuedFunction {
    /// The name of the function.
    pub name: Arc<str>,
    /// Whether the queue ends the job after a time.
    pub is_limited: bool,
}

impl Fact for EnqueuedFunction {
    const KIND: &'static str = "functions in queues";
}
