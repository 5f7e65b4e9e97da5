"""The parts the sample region is made of: where it lies, what stands in its rooms, what runs there, and what is wrong.

`inventory.sources.sample` puts them together; nothing else needs them. All of it is invented except places, bodies and
device types, which are real and public.
"""
