use super::kind::*;
