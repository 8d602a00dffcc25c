"""RegSuite and its peers side by side: `make bench`, or `python -m Testing.benchmarks -o bench`.

| file | what |
|---|---|
| __main__.py | the command: which rows are wanted, which are missing, one after the other |
| pairs.py | the image pairs and the structures that both label maps share |
| prepare.py | writes a pair as every method gets it: images, labels, region, common start, truth |
| peers/ | one file a program, each with the same three steps |
| child.py | one method on one pair in a process of its own: seconds, memory, field, scores |
| measure.py | wall, CPU and peak memory of one call |
| evaluate.py | scores of a dense field: the same code for everybody |
| scaling.py, rigid_start.py, gpu.py | cost against voxels; recovery of large rotations; the same on a GPU |
| rows.py, table.py | what is kept in rows.jsonl, and the table made of it |
"""
