"""In-flight limits of providers over all workers: a pool workflow for each provider grants slots to takes."""
