//! What a service says about its own health, refreshed in the background and honest about its age.
