mod app;
mod migration;
mod naive;
mod pages;
mod rows;
mod scores;
