//! `flower-host compile`: a module, compiled ahead of time.

use std::path::PathBuf;

use clap::Args;

use super::options::OptionFlags;
use crate::{Host, Source};

/// The flags of `flower-host compile`.
#[derive(Args)]
pub(super) struct Compile {
    /// The module: a .wasm or .wat file
    module: PathBuf,
    /// Where the compiled code goes [default: the module's name, ending in .cwasm]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Compile for `run --deterministic`
    #[arg(long)]
    deterministic: bool,
    #[command(flatten)]
    options: OptionFlags,
}

impl Compile {
    /// Compiles, and says where to.
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let output = self.output.unwrap_or_else(|| self.module.with_extension("cwasm"));
        let host = Host::builder().workers(1).deterministic(self.deterministic);
        let host = host.module_options(self.options.options()).build()?;
        let module = Source::from_file(&self.module)
            .and_then(|source| host.load(&super::stem(&self.module), &source))
            .map_err(super::about(&self.module))?;
        module.compile_to_file(&output)?;
        println!("compiled {} to {}", self.module.display(), output.display());
        Ok(())
    }
}
