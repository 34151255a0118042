import Commands

await EntryPoint.run(BenchProgram.self)
