mod app;
mod callers;
mod cancellation;
mod detached;
mod hostile;
mod outcomes;
mod repeats;
mod store;
