//! The narrow traits through which jobs see the world.
