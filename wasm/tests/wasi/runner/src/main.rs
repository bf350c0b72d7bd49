//! Runs a WASI component in wasmtime: `run-component FILE [ARGUMENT...]`.

use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Result, Store};
use wasmtime_wasi::p2::bindings::sync::Command;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

struct State(WasiCtx, ResourceTable);

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.0, table: &mut self.1 }
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let engine = Engine::default();
    let mut linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    let component = Component::from_file(&engine, &arguments[0])?;
    let mut context = WasiCtx::builder();
    context
        .inherit_stdio()
        .args(&arguments)
        .inherit_env()
        .inherit_network()
        .allow_tcp(true)
        .allow_ip_name_lookup(true);
    let mut store = Store::new(&engine, State(context.build(), ResourceTable::new()));
    let command = Command::instantiate(&mut store, &component, &linker)?;
    let outcome = command.wasi_cli_run().call_run(&mut store)?;
    std::process::exit(outcome.is_err().into())
}
