mod app;
mod interests;
mod lists;
mod migration;
mod naive;
mod pages;
mod rows;
mod scores;
