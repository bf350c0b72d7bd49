//! The defaults of a configuration, for programs compiled for any version.

use switchover::Config;

use crate::config::swo_config;
use crate::error::{Done, swo_result};
use crate::handle::memory::ConfigPlace;

export! {
    /// Fills a configuration with the defaults.
    ///
    /// `struct_size` is `sizeof(swo_config)`. A program that was compiled for another version of
    /// this library gets the members that its own struct has. Errors: SWO_NULL, SWO_STRUCT_TOO_OLD,
    /// and SWO_STRUCT_TOO_NEW for more than 4,096 bytes. Next: change members as needed, then
    /// swo_conn_new.
    fn swo_config_init(
        config: *mut swo_config, struct_size: usize,
    ) -> swo_result = init((config, struct_size));
}

fn init(place: ConfigPlace) -> Done {
    place.set(Config::default().into())
}
